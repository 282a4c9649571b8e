import { onFolder, quietOperator } from '#test/kit/operator.ts'
import { outagePromises } from '#test/kit/reconcile-promises/outage.ts'

outagePromises((options) => quietOperator(onFolder, options))
