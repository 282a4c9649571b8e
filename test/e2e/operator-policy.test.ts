import { onFolder, quietOperator } from '#test/kit/operator.ts'
import { policyPromises } from '#test/kit/reconcile-promises/policy.ts'

policyPromises((options) => quietOperator(onFolder, options))
