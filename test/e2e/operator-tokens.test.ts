import { onFolder, quietOperator } from '#test/kit/operator.ts'
import { tokensPromises } from '#test/kit/reconcile-promises/tokens.ts'

tokensPromises((options) => quietOperator(onFolder, options))
