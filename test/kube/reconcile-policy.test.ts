import { describe } from 'vitest'

import { quietOperator } from '#test/kit/operator.ts'
import { policyPromises } from '#test/kit/reconcile-promises/policy.ts'

import { onCluster } from './quiet-cluster.ts'

describe.concurrent('on an API server', () => {
  policyPromises((options) => quietOperator(onCluster(), options))
})
