import { describe } from 'vitest'

import { quietOperator } from '#test/kit/operator.ts'
import { deletionPromises } from '#test/kit/reconcile-promises/deletion.ts'

import { onCluster } from './quiet-cluster.ts'

describe.concurrent('on an API server', () => {
  deletionPromises((options) => quietOperator(onCluster(), options))
})
