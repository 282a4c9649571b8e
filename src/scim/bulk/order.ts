/**
 * In which order the operations of a bulk request are worked off: as they came, except that one waits for the
 * resources that it refers to. Where resources wait for each other, the first is created without what it refers to,
 * and completed once all are there (RFC 7644 section 3.7.1).
 */

import { referencesIn } from './references.ts'
import type { BulkOperation, RefusedOperation } from './parse.ts'

export interface Step {
  /** Place of the operation in the request. */
  readonly index: number
  readonly kind: 'run' | 'complete'
  /** The bulkIds that a run has to do without, and that its completion then adds; mostly none. */
  readonly postponed: ReadonlySet<string>
}

/** One run for each operation, and at the end one completion for each run that had to do without something. */
export function stepsOf(operations: readonly (BulkOperation | RefusedOperation)[]): readonly Step[] {
  const created = new Set(operations.map(createdBy).filter((bulkId) => bulkId !== undefined))
  const awaited = operations.map((operation) => awaitedBy(operation, created))
  const waiting = waitingFor(awaited)
  const steps: Step[] = []
  const begun = new Set<number>()

  const run = (index: number, reached: number): void => {
    if (begun.has(index)) return
    begun.add(index)
    steps.push({ index, kind: 'run', postponed: new Set(awaited[index]) })
    const operation = operations[index]
    const bulkId = operation && createdBy(operation)
    if (bulkId === undefined) return
    for (const other of waiting.get(bulkId) ?? []) {
      awaited[other]?.delete(bulkId)
      // Those further down the request have their turn later.
      if (other <= reached && awaited[other]?.size === 0) run(other, reached)
    }
  }

  for (const index of operations.keys()) {
    if (awaited[index]?.size === 0) run(index, index)
  }
  // Whoever still waits does so in a circle, or for one in a circle. Those that create nothing close no circle.
  for (const [index, operation] of operations.entries()) {
    if (createdBy(operation) !== undefined) run(index, operations.length)
  }
  const completions = steps
    .filter(({ postponed }) => postponed.size > 0)
    .map(({ index, postponed }): Step => ({ index, kind: 'complete', postponed }))
  return [...steps, ...completions]
}

function createdBy(operation: BulkOperation | RefusedOperation): string | undefined {
  return 'refusal' in operation || operation.method !== 'POST' ? undefined : operation.bulkId
}

/** References to what no operation creates are not waited for; they are refused when their operation runs. */
function awaitedBy(operation: BulkOperation | RefusedOperation, created: ReadonlySet<string>): Set<string> {
  if ('refusal' in operation) return new Set()
  const { id = null, data } = operation
  return new Set([...referencesIn([id, data])].filter((bulkId) => created.has(bulkId)))
}

/** Who waits for a bulkId, in the order of the request. */
function waitingFor(awaited: readonly ReadonlySet<string>[]): ReadonlyMap<string, readonly number[]> {
  const waiting = new Map<string, number[]>()
  for (const [index, bulkIds] of awaited.entries()) {
    for (const bulkId of bulkIds) {
      const known = waiting.get(bulkId)
      if (known === undefined) waiting.set(bulkId, [index])
      else known.push(index)
    }
  }
  return waiting
}
