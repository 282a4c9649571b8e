import { describe } from 'vitest'

import { quietOperator } from '#test/kit/operator.ts'
import { tokensPromises } from '#test/kit/reconcile-promises/tokens.ts'

import { onCluster } from './quiet-cluster.ts'

describe.concurrent('on an API server', () => {
  tokensPromises((options) => quietOperator(onCluster(), options))
})
