/** The only writer of responses: one head and one body per request, and one log line per refusal. */

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

import { toBody } from '#scim/errors.ts'
import type { ScimError } from '#scim/errors.ts'

import type { Answer, BodyStream } from './answer.ts'
import type { Exchange } from './exchange.ts'
import { asRefusal } from './fault.ts'
import { Refusal } from './refusal.ts'

import type { Logger } from '#platform/log.ts'

/** Headers that follow from a refusal, whatever its body looks like. */
export const refusalHeaders = (error: ScimError): Readonly<Record<string, string>> => ({
  ...(error instanceof Refusal ? error.headers : {}),
  ...(error.retryAfterSeconds === undefined
    ? {}
    : { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterSeconds))) }),
})

/** Whatever was thrown, as a SCIM answer. */
export const refusalAnswer = (thrown: unknown, requestId: string): Answer => {
  const refusal = asRefusal(thrown, requestId)
  return {
    status: refusal.status,
    body: JSON.stringify(toBody(refusal)),
    headers: refusalHeaders(refusal),
    refusal,
  }
}

export interface ReplyOptions {
  readonly contentType: string
  /** The process stops: the client should open its next connection elsewhere. */
  readonly isClosing: boolean
}

/** Writes head and body at once. A client that has gone away gets nothing. */
export const reply = (
  response: ServerResponse,
  exchange: Exchange,
  answer: Answer,
  options: ReplyOptions,
): void => {
  if (response.destroyed || response.headersSent) return
  response.writeHead(answer.status, headersOf(exchange, answer, options))
  response.end(answer.body)
}

/**
 * Writes the head, and the pieces of the body as fast as the client takes them. What fails then can be told by nothing
 * but a connection that breaks off.
 *
 * @returns the answer that there would have been for what failed; undefined if nothing did but perhaps the client left
 */
export const replyInPieces = async (
  response: ServerResponse,
  exchange: Exchange,
  answer: Answer & { readonly stream: BodyStream },
  options: ReplyOptions,
): Promise<Answer | undefined> => {
  await using stream = answer.stream
  if (response.destroyed) return undefined
  response.writeHead(answer.status, headersOf(exchange, answer, options))
  try {
    if (exchange.method !== 'HEAD') {
      for await (const piece of stream.pieces) {
        if (!response.write(piece)) await once(response, 'drain', { signal: exchange.signal() })
      }
    }
    response.end()
    return undefined
  } catch (error) {
    if (exchange.isGone()) return undefined
    response.destroy()
    return refusalAnswer(error, exchange.requestId)
  }
}

const headersOf = (
  exchange: Exchange,
  answer: Answer,
  options: ReplyOptions,
): Record<string, string | number> => {
  const headers: Record<string, string | number> = { ...answer.headers, 'x-request-id': exchange.requestId }
  if (answer.body !== undefined) headers['content-length'] = Buffer.byteLength(answer.body)
  if (answer.body !== undefined || answer.stream !== undefined) headers['content-type'] = options.contentType
  // Answers hold personal data and change at any moment; no cache on the way may keep one.
  headers['cache-control'] = 'no-store'
  if (options.isClosing || answer.status === 413) headers['connection'] = 'close'
  return headers
}

/** One line for a refusal, in fields that can be searched: who, what they said it in, where, and why. */
export const logRefusal = (
  log: Logger,
  exchange: Exchange,
  refusal: ScimError,
  /** Which one of a bulk request. */
  operation?: string,
): void => {
  const facts = {
    requestId: exchange.requestId,
    tenant: exchange.tenant,
    tokenId: exchange.tokenId,
    method: exchange.method,
    path: exchange.path,
    operation,
    status: refusal.status,
    scimType: refusal.scimType,
    dialects: [...exchange.dialects],
    attributePath: refusal.path,
    reason: refusal.message,
    detail: refusal.privateDetail,
  }
  if (refusal.status >= 500) log.error({ ...facts, err: refusal.cause }, 'request failed')
  else log.warn(facts, 'request refused')
}
