/** What an operator has counted as drift put back. */
import type { QuietOperator } from './operator.ts'

/** Corrections by the kind of what was changed. */
export async function driftOf({ metrics }: Pick<QuietOperator, 'metrics'>): Promise<Record<string, number>> {
  const { values } = await metrics.driftCorrections.get()
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels.kind), value]))
}
