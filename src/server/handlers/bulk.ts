/** POST of many operations at once: each as if it came alone, and the result of each (RFC 7644 section 3.7). */

import { stepsOf } from '#scim/bulk/order.ts'
import type { Step } from '#scim/bulk/order.ts'
import { parseBulk } from '#scim/bulk/parse.ts'
import type { BulkOperation, BulkRequest, RefusedOperation } from '#scim/bulk/parse.ts'
import { messageUrns } from '#scim/urns.ts'

import { jsonAnswer } from '#server/answer.ts'
import type { Answer } from '#server/answer.ts'
import { refusedResult, resultOf } from '#server/bulk-result.ts'
import type { BulkResult } from '#server/bulk-result.ts'
import { complete, perform } from '#server/bulk-operation.ts'
import type { BulkIds } from '#server/bulk-operation.ts'
import type { Call } from '#server/call.ts'

export const bulk = async (call: Call): Promise<Answer> => {
  const results = await work(call, parseBulk(await call.body()))
  return jsonAnswer(JSON.stringify({ schemas: [messageUrns.bulkResponse], Operations: results }))
}

/** The results in the order of the request, without the operations that were not begun. */
const work = async (call: Call, request: BulkRequest): Promise<readonly BulkResult[]> => {
  const { operations, failOnErrors = Number.POSITIVE_INFINITY } = request
  const ids: BulkIds = new Map()
  const results = new Map<number, BulkResult>()
  let errors = 0
  for (const step of stepsOf(operations)) {
    const operation = operations[step.index]
    if (operation === undefined || !isDue(step, { results, hasStopped: errors >= failOnErrors })) continue
    // Nobody waits for the rest any more; what is done is done.
    call.signal.throwIfAborted()
    const result = await resultOfStep(call, ids, { operation, step })
    if (result.response !== undefined) errors += 1
    results.set(step.index, result)
  }
  return [...results].toSorted(([left], [right]) => left - right).map(([, result]) => result)
}

/** What was created without all that it names is completed even when no further operation is begun. */
const isDue = (
  { kind, index }: Step,
  { results, hasStopped }: { results: ReadonlyMap<number, BulkResult>; hasStopped: boolean },
): boolean => {
  if (kind === 'run') return !hasStopped
  const created = results.get(index)
  return created !== undefined && created.response === undefined
}

const resultOfStep = async (
  call: Call,
  ids: BulkIds,
  { operation, step }: { operation: BulkOperation | RefusedOperation; step: Step },
): Promise<BulkResult> => {
  try {
    if ('refusal' in operation) throw operation.refusal
    const done = await (step.kind === 'run' ? perform : complete)(call, ids, {
      operation,
      postponed: step.postponed,
    })
    return resultOf(operation, done)
  } catch (error) {
    // The connection is gone, and with it everybody who could read a result.
    call.signal.throwIfAborted()
    const refusal = call.refused(error, `${operation.method ?? ''} ${operation.path ?? ''}`.slice(0, 200))
    return refusedResult(call, operation, refusal)
  }
}
