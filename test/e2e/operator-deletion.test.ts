import { onFolder, quietOperator } from '#test/kit/operator.ts'
import { deletionPromises } from '#test/kit/reconcile-promises/deletion.ts'

deletionPromises((options) => quietOperator(onFolder, options))
