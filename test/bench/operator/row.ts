/** What a row of the operator's bench is, and what it finds. */

import type { CpuSeconds, World } from './world.ts'

export interface Bench {
  readonly world: World
  /** Integrations made at once by each way; twice as many are the load that edits are measured at. */
  readonly few: number
  /** Integrations in all at the end. */
  readonly many: number
  readonly edits: number
  /** How long nothing is done to see what that costs. */
  readonly idleSeconds: number
}

export interface Finding {
  readonly what: string
  readonly measured: string
  readonly target: string
  /** Undefined when there is nothing to meet: reported for comparison. */
  readonly isMet?: boolean
  /** CPU seconds that it took. */
  readonly cpu?: CpuSeconds | undefined
}

export interface Row {
  readonly name: string
  run(bench: Bench): Promise<readonly Finding[]>
}

export const thousands = (count: number): string => count.toLocaleString('en')

export const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** Fills up to so many integrations, those with a shared endpoint, which cost the cluster least. */
export const fill = async ({ world }: Bench, count: number): Promise<void> => {
  const missing = count - world.population.size
  if (missing > 0) await world.population.add(missing, 'Shared')
  await world.operator.untilCalm()
}

/** What was used meanwhile; undefined where it cannot be known. */
export const cpuDuring = async <T>(
  world: World,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpu: CpuSeconds | undefined }> => {
  const before = world.cpu()
  const result = await work()
  const after = world.cpu()
  return {
    result,
    cpu: before &&
      after && {
        operator: after.operator - before.operator,
        cluster: after.cluster - before.cluster,
        postgres: after.postgres - before.postgres,
      },
  }
}
