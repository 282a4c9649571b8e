/** HTTP as an identity provider or an application speaks it, with every request counted. */
import { setTimeout as delay } from 'node:timers/promises'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

export interface Answer {
  readonly status: number
  /** The parsed body; an empty object when there is none. */
  readonly body: JsonObject
}

export interface RequestOptions {
  readonly body?: JsonObject
  /** Which statuses are fine; 2xx unless told. Any other throws with the body. */
  readonly accept?: readonly number[]
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Http {
  request(method: Method, path: string, options?: RequestOptions): Promise<Answer>
  readonly tally: Tally
}

/** How many requests were answered, and how long each took. */
export class Tally {
  readonly durationsMs: number[] = []
  readonly statuses = new Map<number, number>()

  count(status: number, durationMs: number): void {
    this.durationsMs.push(durationMs)
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
  }
}

export interface HttpOptions {
  readonly baseURL: string
  /** The whole value of the Authorization header. */
  readonly authorization: string
  readonly userAgent: string
  readonly contentType: string
  readonly tally?: Tally
  readonly signal: AbortSignal
}

const requestLimitMs = 60_000
const maxAttempts = 5

export const openHttp = (options: HttpOptions): Http => {
  const tally = options.tally ?? new Tally()
  const headers = {
    authorization: options.authorization,
    'user-agent': options.userAgent,
    accept: options.contentType,
    'content-type': `${options.contentType}; charset=utf-8`,
  }
  const send = async (method: Method, path: string, body: JsonObject | undefined): Promise<Response> => {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(requestLimitMs)])
    const url = `${options.baseURL}${path}`
    return fetch(url, {
      method,
      headers,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }
  return {
    tally,
    async request(method, path, { body, accept } = {}) {
      for (let attempt = 1; ; attempt += 1) {
        const startMs = performance.now()
        const response = await send(method, path, body)
        const text = await response.text()
        tally.count(response.status, performance.now() - startMs)
        if (response.status === 429 && attempt < maxAttempts) {
          // Both vendors honour an integer number of seconds and nothing else.
          await delay(Number(response.headers.get('retry-after') ?? 1) * 1000, undefined, {
            signal: options.signal,
          })
          continue
        }
        if (accept === undefined ? !response.ok : !accept.includes(response.status)) {
          const sent = body === undefined ? '' : ` ${JSON.stringify(body).slice(0, 600)}`
          throw new Error(`${method} ${path}${sent}\nwas answered ${response.status}: ${text.slice(0, 2000)}`)
        }
        return { status: response.status, body: objectIn(text) }
      }
    },
  }
}

const objectIn = (text: string): JsonObject => {
  const value: unknown = text === '' ? {} : JSON.parse(text)
  if (!isObject(value)) throw new Error(`not a JSON object: ${text.slice(0, 500)}`)
  return value
}

/** JSON.parse makes nothing but Json, so an object is a JsonObject. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The objects of a list; anything else in it fails. */
export const objects = (value: unknown): readonly JsonObject[] => {
  if (!Array.isArray(value) || !value.every(isObject))
    throw new Error(`not a list of objects: ${JSON.stringify(value)}`)
  return value
}

/** Runs the tasks, at most `width` at a time; the first failure ends all. */
export const inParallel = async <T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const queue = [...items].values()
  // Workers share one iterator: each takes the next item when it is free.
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
