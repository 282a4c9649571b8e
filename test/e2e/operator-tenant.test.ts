import { onFolder, quietOperator } from '#test/kit/operator.ts'
import { tenantPromises } from '#test/kit/reconcile-promises/tenant.ts'

tenantPromises((options) => quietOperator(onFolder, options))
