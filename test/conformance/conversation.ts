/** A recorded conversation of an identity provider: read from JSON, replayed over HTTP, compared answer by answer. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { z } from 'zod'

import { sendTo } from '#test/kit/server.ts'

import { differences } from './differences.ts'

import type { Reply, TestTenant } from '#test/kit/server.ts'

/** What every identity provider does with a tenant, in this order. */
export const phases = [
  'connect',
  'match',
  'create',
  'update',
  'groups',
  'deactivate',
  'reactivate',
  'secondCycle',
  'delete',
] as const

export type Phase = (typeof phases)[number]

/** One request as it is sent; `{{name}}` stands for something that an earlier answer brought. */
const Exchange = z.strictObject({
  request: z.strictObject({
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    path: z.string().startsWith('/'),
    body: z.json().exactOptional(),
  }),
  /** 200 after a PATCH also stands for the 204 of an integration that wants no answer. */
  status: z.int(),
  /** What the answer says at least (differences.ts). */
  body: z.json().exactOptional(),
  /** Name -> where in the answer its value is, such as `Resources.0.id`. */
  keep: z.record(z.string(), z.string()).exactOptional(),
  /** Path -> what a GET of ours finds there afterwards at least, or null for nothing. */
  leaves: z.record(z.string(), z.json()).exactOptional(),
})

const Conversation = z.strictObject({
  vendor: z.string(),
  /** Where these requests are documented or were recorded. */
  source: z.string(),
  /** Sent with every request. */
  headers: z.record(z.string(), z.string()),
  /** Media type that the vendor wants of every answer. */
  answers: z.string(),
  /** Names of the dialects that this conversation is written in. */
  dialects: z.array(z.string()),
  /** Resources that the second cycle leaves as they are, with version and time of change. */
  unchanged: z.array(z.string()).min(1),
  phases: z.partialRecord(z.enum(phases), z.array(Exchange).min(1)),
  /** Phases that this vendor does not have, and why. */
  leavesOut: z.partialRecord(z.enum(phases), z.string()).exactOptional(),
})

type Exchange = z.output<typeof Exchange>
export type Conversation = z.output<typeof Conversation> & { readonly name: string }

/** All conversations below this folder, named by folder and file. */
export const conversations = (): readonly Conversation[] =>
  readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => {
      const read = Conversation.parse(JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')))
      return Object.assign(read, { name: name.replace('.json', '') })
    })

export interface ReplayOptions {
  readonly tenant: TestTenant
  readonly patchStatus: 200 | 204
  /** Whether the integration asks for application/json on every answer. */
  readonly isPlainJson: boolean
}

/** Replays it to its end; returns what was otherwise than recorded, a line each, and stops at the first such answer. */
export const replay = async (
  conversation: Conversation,
  options: ReplayOptions,
): Promise<readonly string[]> => {
  const names = new Map([['token', options.tenant.token]])
  for (const phase of phases) {
    const exchanges = conversation.phases[phase] ?? []
    const paths = phase === 'secondCycle' ? conversation.unchanged.map((path) => filled(path, names)) : []
    const before = await readAll(options.tenant, paths)
    for (const exchange of exchanges) {
      const wrong = await exchanged(exchange, { ...options, conversation, names })
      const { method, path } = exchange.request
      if (wrong.length > 0) return wrong.map((line) => `${phase}: ${method} ${path}: ${line}`)
    }
    const after = await readAll(options.tenant, paths)
    const changed = paths.filter((path) => !isDeepStrictEqual(after[path], before[path]))
    if (changed.length > 0)
      return changed.map((path) => `${phase} changed ${path}: ${JSON.stringify(after[path])}`)
  }
  return []
}

interface Turn extends ReplayOptions {
  readonly conversation: Conversation
  readonly names: Map<string, string>
}

const exchanged = async (exchange: Exchange, turn: Turn): Promise<readonly string[]> => {
  const { method, path, body } = filled(exchange.request, turn.names)
  const reply = await sendTo(turn.tenant.baseURL + path, method, {
    token: null,
    body,
    headers: filled(headersFor(turn.conversation, body !== undefined), turn.names),
  })
  const isPatch = method === 'PATCH' && exchange.status === 200
  const status = isPatch ? turn.patchStatus : exchange.status
  if (reply.status !== status) return [`${reply.status} ${reply.text}`]
  const wrong = [...wrongMediaType(reply, turn)]
  for (const [name, at] of Object.entries(exchange.keep ?? {})) {
    const value = at.split('.').reduce((part, key) => part?.[key], reply.body)
    if (typeof value !== 'string') return [...wrong, `no ${at} in ${reply.text}`]
    turn.names.set(name, value)
  }
  if (exchange.body !== undefined && status !== 204) {
    wrong.push(...differences(reply.body, filled(exchange.body, turn.names)))
  }
  for (const [at, expected] of Object.entries(filled(exchange.leaves ?? {}, turn.names))) {
    const found = await turn.tenant.get(at)
    wrong.push(
      ...differences(found.status === 404 ? null : found.body, expected).map((line) => `${at}: ${line}`),
    )
  }
  return wrong
}

const headersFor = ({ headers }: Conversation, hasBody: boolean): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => hasBody || name !== 'content-type'))

const wrongMediaType = (reply: Reply, { conversation, isPlainJson }: Turn): readonly string[] => {
  if (reply.text === '') return []
  const expected = isPlainJson ? 'application/json' : conversation.answers
  const type = reply.headers['content-type']
  return type === expected ? [] : [`content type ${type}, not ${expected}`]
}

const readAll = async (
  tenant: TestTenant,
  paths: readonly string[],
): Promise<Readonly<Record<string, unknown>>> =>
  Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, (await tenant.get(path)).body] as const)),
  )

/** A copy with every `{{name}}` replaced, in keys too. */
const filled = <T>(value: T, names: ReadonlyMap<string, string>): T =>
  JSON.parse(
    JSON.stringify(value).replaceAll(/\{\{(\w+)\}\}/g, (placeholder, name: string) => {
      const text = names.get(name)
      if (text === undefined) throw new Error(`nothing was kept as ${placeholder}`)
      return JSON.stringify(text).slice(1, -1)
    }),
  )
