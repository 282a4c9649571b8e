/** One request to the API server: signed in, limited in time, counted, and refused as KubeError. */
import { setTimeout as delay } from 'node:timers/promises'

import { KubeError, retryAfterMs } from '#operator/kube.ts'
import { request } from 'undici'

import { refusal, unreachable } from './errors.ts'

import type { Metrics } from '#platform/metrics.ts'
import type { Dispatcher } from 'undici'

import type { Agents, Lane } from './agents.ts'
import type { ClusterAccess } from './credentials.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the root of the API: `/api/v1/…`. */
  readonly path: string
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** `application/json` unless told. */
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
}

export interface Transport {
  /**
   * The JSON of the answer; undefined if it is empty. An API server that says when to ask again is asked again then, if
   * that is within the limit of the call.
   * @throws KubeError; the signal's reason if it aborted
   */
  call(request: ApiRequest, lane?: Exclude<Lane, 'watches'>): Promise<unknown>
  /** The body of the answer as it comes in, with no limit on its length but on its silence. Throws as `call` does. */
  stream(request: ApiRequest): Promise<AsyncIterable<Uint8Array>>
}

export interface TransportOptions {
  readonly access: ClusterAccess
  readonly agents: Agents
  readonly metrics: Metrics
  /** Of a whole call. */
  readonly callLimitMs: number
}

/** Whose fields are whose: the API server takes the first word for the name of the field manager. */
const userAgent = 'scim-operator'

export function clusterTransport(options: TransportOptions): Transport {
  return {
    async call(request, lane = 'calls') {
      const limit = AbortSignal.timeout(options.callLimitMs)
      const signal = request.signal === undefined ? limit : AbortSignal.any([request.signal, limit])
      const endsMs = performance.now() + options.callLimitMs
      return heard(request, async () => {
        for (;;) {
          const { statusCode, headers, body } = await send(options, { ...request, signal }, lane)
          const text = await body.text()
          if (isOk(statusCode)) return text === '' ? undefined : parse(text)
          const refused = refusal(statusCode, text, textOf(headers['retry-after']))
          const waitMs = retryAfterMs(refused)
          // Whoever holds a Lease decides for himself when to ask again.
          if (
            lane === 'lease' ||
            !isToBeRetried(refused, request.method) ||
            performance.now() + waitMs > endsMs
          )
            throw refused
          await delay(waitMs, undefined, { signal })
          options.metrics.restRetries.inc({ code: String(statusCode), method: request.method })
        }
      })
    },
    stream: (request) =>
      heard(request, async () => {
        const { statusCode, headers, body } = await send(options, request, 'watches')
        if (isOk(statusCode)) return body
        throw refusal(statusCode, await body.text(), textOf(headers['retry-after']))
      }),
  }
}

/** Sends it and waits for the head of the answer, which is what the duration measures, as client-go's does. */
async function send(
  { access, agents, metrics }: TransportOptions,
  { method, path, query, body, contentType = 'application/json', signal }: ApiRequest,
  lane: Lane,
): Promise<Dispatcher.ResponseData> {
  const credentials = await access.credentials()
  const url = new URL(`${access.server}${path}`)
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) url.searchParams.set(name, value)
  const startedMs = performance.now()
  const count = (code: string) => {
    metrics.restRequests.inc({ code, method, host: url.host })
    metrics.restRequestDuration.observe(
      { verb: method, host: url.host },
      (performance.now() - startedMs) / 1000,
    )
  }
  try {
    const answer = await request(url, {
      method,
      dispatcher: agents.of(lane, credentials.tls),
      headers: {
        ...credentials.headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
    count(String(answer.statusCode))
    return answer
  } catch (error) {
    count('<error>')
    throw error
  }
}

/** Turns every failure into KubeError, but for the caller's own wish to stop. */
async function heard<T>({ signal }: ApiRequest, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof KubeError ? error : unreachable(error)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KubeError(200, 'Unknown', 'the API server answered with something else than JSON', { cause })
  }
}

/**
 * As client-go does: 429 and 5xx that say when (`IsRetryableError`). But what is to be created may be there after a 5xx,
 * and would then be taken for somebody else's.
 */
function isToBeRetried(refused: KubeError, method: ApiRequest['method']): boolean {
  const isOver = refused.code === 429 || (refused.code >= 500 && method !== 'POST')
  return isOver && retryAfterMs(refused) > 0
}

function isOk(code: number): boolean {
  return code >= 200 && code < 300
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}
