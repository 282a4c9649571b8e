import { describe } from 'vitest'

import { quietOperator } from '#test/kit/operator.ts'
import { tenantPromises } from '#test/kit/reconcile-promises/tenant.ts'

import { onCluster } from './quiet-cluster.ts'

describe.concurrent('on an API server', () => {
  tenantPromises((options) => quietOperator(onCluster(), options))
})
