/** POST of many operations at once: each as if it came alone, and the result of each (RFC 7644 section 3.7). */

import { stepsOf } from '#scim/bulk/order.ts'
import type { Step } from '#scim/bulk/order.ts'
import { parseBulk } from '#scim/bulk/parse.ts'
import type { BulkOperation, BulkRequest, Label, RefusedOperation } from '#scim/bulk/parse.ts'
import type { ScimError } from '#scim/errors.ts'
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
  const outcomes = new Map<number, Outcome>()
  let errors = 0
  let outage: ScimError | undefined
  for (const step of stepsOf(operations)) {
    const operation = operations[step.index]
    if (operation === undefined || !isDue(step, outcomes, errors >= failOnErrors)) continue
    // Nobody waits for the rest any more; what is done is done.
    call.signal().throwIfAborted()
    const outcome =
      outage === undefined ? await attempt(call, ids, { operation, step }) : refused(call, operation, outage)
    if (outcome.refusal !== undefined) errors += 1
    if (outcome.refusal?.status === unavailable) {
      // As long as nothing was done, the client is told so at once; later each operation that is left is told so.
      if (outcomes.size === 0) throw outcome.refusal
      outage = outcome.refusal
    }
    outcomes.set(step.index, outcome)
  }
  return [...outcomes].toSorted(([left], [right]) => left - right).map(([, { result }]) => result)
}

const unavailable = 503

interface Outcome {
  readonly result: BulkResult
  /** Why the result is that of a failure. */
  readonly refusal?: ScimError
}

/** What was created without all that it names is completed even when no further operation is begun. */
const isDue = (
  { kind, index }: Step,
  outcomes: ReadonlyMap<number, Outcome>,
  hasStopped: boolean,
): boolean => {
  if (kind === 'run') return !hasStopped
  const created = outcomes.get(index)
  return created !== undefined && created.refusal === undefined
}

const attempt = async (
  call: Call,
  ids: BulkIds,
  { operation, step }: { operation: BulkOperation | RefusedOperation; step: Step },
): Promise<Outcome> => {
  try {
    if ('refusal' in operation) throw operation.refusal
    const act = step.kind === 'run' ? perform : complete
    const done = await act(call, ids, { operation, postponed: step.postponed })
    return { result: resultOf(operation, done) }
  } catch (error) {
    // The connection is gone, and with it everybody who could read a result.
    call.signal().throwIfAborted()
    const name = `${operation.method ?? ''} ${operation.path ?? ''}`.slice(0, 200)
    return refused(call, operation, call.refused(error, name))
  }
}

const refused = (call: Call, operation: Label, refusal: ScimError): Outcome => ({
  result: refusedResult(call, operation, refusal),
  refusal,
})
