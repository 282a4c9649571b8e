import { describe } from 'vitest'

import { quietOperator } from '#test/kit/operator.ts'
import { outagePromises } from '#test/kit/reconcile-promises/outage.ts'

import { onCluster } from './quiet-cluster.ts'

describe.concurrent('on an API server', () => {
  outagePromises((options) => quietOperator(onCluster(), options))
})
