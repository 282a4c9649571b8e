/** What the API server refused, and what never reached it, as KubeError. */
import { KubeError } from '#operator/kube.ts'

import { fieldsOf, listOf } from './json.ts'

import type { KubeReason } from '#operator/kube.ts'

/** `code` of a KubeError when there was no answer at all. */
const noAnswer = 0
const longestQuote = 200

/** An answer outside 2xx. Its body is a `Status` (Kubernetes API conventions, Response Status Kind), or some proxy's text. */
export function refusal(code: number, body: string, retryAfter?: string): KubeError {
  const status = parseStatus(body)
  if (status !== undefined) return statusError(status, { code, retryAfter })
  const text = body.trim().slice(0, longestQuote)
  const message = `the API server answered ${code}${text === '' ? '' : `: ${text}`}`
  return new KubeError(code, reasonOf(code, undefined), message, retryAfterOf(retryAfter))
}

/** A `Status` object, as an answer or as the ERROR event of a watch. */
export function statusError(
  value: unknown,
  answer: { readonly code?: number; readonly retryAfter?: string | undefined } = {},
): KubeError {
  const { code: ownCode, reason, message, details } = fieldsOf(value)
  const code = answer.code ?? (typeof ownCode === 'number' ? ownCode : 500)
  const { causes, retryAfterSeconds } = fieldsOf(details)
  return new KubeError(
    code,
    isFromTheFuture(causes) ? 'Expired' : reasonOf(code, reason),
    typeof message === 'string' && message !== '' ? message : `the API server answered ${code}`,
    retryAfterOf(answer.retryAfter ?? retryAfterSeconds),
  )
}

/** No answer: connection, TLS, time limit. The next attempt may well succeed. */
export function unreachable(cause: unknown): KubeError {
  return new KubeError(noAnswer, 'Unavailable', `no answer from the API server: ${describe(cause)}`, {
    cause,
  })
}

function parseStatus(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body)
    return fieldsOf(value)['kind'] === 'Status' ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * A version that the server has not reached yet: its data was restored from a backup. Waiting does not help, a new list
 * does, as with one that is too old (client-go, `IsTooLargeResourceVersion`).
 */
function isFromTheFuture(causes: unknown): boolean {
  return listOf(causes).some((cause) => fieldsOf(cause)['reason'] === 'ResourceVersionTooLarge')
}

const reasons = new Map<number, KubeReason>([
  [400, 'Invalid'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [409, 'Conflict'],
  [410, 'Expired'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
])

function reasonOf(code: number, reason: unknown): KubeReason {
  if (code === 409 && reason === 'AlreadyExists') return 'AlreadyExists'
  return reasons.get(code) ?? (code >= 500 ? 'Unavailable' : 'Unknown')
}

/** Kubernetes gives whole seconds, never a date. */
function retryAfterOf(value: unknown): { readonly retryAfterSeconds?: number } {
  const seconds = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0
    ? { retryAfterSeconds: seconds }
    : {}
}

/** Of several addresses tried, Node says nothing in the message; the code is always there. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { code } = fieldsOf(cause)
  return [typeof code === 'string' ? code : undefined, cause.message].filter(Boolean).join(' ') || cause.name
}
