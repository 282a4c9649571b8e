/** The first thing that a process opens: the ops port, with what probes ask for. */
import { watchEventLoop } from './event-loop.ts'
import { createMetrics } from './metrics.ts'
import { startOps } from './ops.ts'
import { createReadiness } from './readiness.ts'

import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'
import type { Frame } from './run-process.ts'

export interface Probes {
  readonly metrics: Metrics
  readonly readiness: Readiness
  readonly opsPort: number
}

export interface ProbesOptions extends Pick<Frame, 'signal' | 'stack'> {
  readonly log: Logger
  /** What else has to turn in this process; true, or the sentence for /livez. */
  readonly live?: () => true | string
}

/** /livez looks at the process alone: what others fail to do, a new start would not mend. */
export const openProbes = async (
  config: { readonly opsPort: number; readonly tenantLabelLimit: number },
  { log, signal, stack, live = () => true }: ProbesOptions,
): Promise<Probes> => {
  const metrics = createMetrics({ tenantLabelLimit: config.tenantLabelLimit })
  const readiness = createReadiness(log, signal)
  const loop = stack.use(watchEventLoop())
  const ops = stack.use(
    await startOps({
      port: config.opsPort,
      registry: metrics.registry,
      live() {
        const verdict = loop.live()
        return verdict === true ? live() : verdict
      },
      ready: readiness.verdict,
    }),
  )
  log.info({ opsPort: ops.port }, 'started')
  return { metrics, readiness, opsPort: ops.port }
}
