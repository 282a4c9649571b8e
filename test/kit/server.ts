/** A real server on a database of its own, with tenants and tokens as the operator would have written them. */

import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { Writable } from 'node:stream'

import { withClient } from '#directory/client.ts'
import { openDirectory } from '#directory/database.ts'
import type { Directory } from '#directory/database.ts'
import { takeEpoch } from '#directory/owner.ts'
import type { Owner } from '#directory/owner.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import type { TenantSettings } from '#directory/tenant-settings.ts'
import { putTenant } from '#directory/tenant-writes.ts'
import type { NewTenant as NewTenantRow } from '#directory/tenant-writes.ts'
import { tenantById } from '#directory/tenants.ts'
import { digestOf, macOf, mintToken, newTokenId } from '#directory/token.ts'
import type { Keyring, Pepper, TokenRecord } from '#directory/token.ts'
import { putTokens, tokensOf } from '#directory/tokens.ts'
import { createLogger } from '#platform/log.ts'
import { createMetrics } from '#platform/metrics.ts'
import type { Metrics } from '#platform/metrics.ts'
import { startServer } from '#server/server.ts'
import type { RunningServer, ServerOptions } from '#server/server.ts'

import { newTenant as newTenantRow } from './builders.ts'
import type { TestDatabase } from './postgres.ts'

export type LogLine = Readonly<Record<string, unknown>>

/** An answer, read to its end. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The parsed body; undefined if it is empty. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test looks into answers of any shape
  readonly body: any
}

export interface Send {
  readonly body?: unknown
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** null sends no Authorization. */
  readonly token?: string | null
}

export interface TestTenant {
  readonly id: TenantId
  readonly slug: string
  /** Of the identity provider. */
  readonly token: string
  readonly baseURL: string
  /** Sends to a path below the base URL, with the tenant's token unless told otherwise. */
  send(method: string, path: string, send?: Send): Promise<Reply>
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>
  post(path: string, body: unknown): Promise<Reply>
  put(path: string, body: unknown): Promise<Reply>
  patch(path: string, body: unknown): Promise<Reply>
  delete(path: string): Promise<Reply>
  /** Creates and returns the id; throws unless the answer is 201. */
  create(path: string, body: unknown): Promise<string>
}

export interface TenantFacts {
  readonly settings?: {
    readonly compatibility?: Partial<TenantSettings['compatibility']>
    readonly limits?: Partial<TenantSettings['limits']>
  }
  readonly state?: 'Active' | 'Disabled'
  readonly endpointPath?: string
  readonly hosts?: NewTenantRow['hosts']
}

export interface TokenFacts extends Partial<Omit<TokenRecord, 'tenantId' | 'id' | 'mac'>> {
  /** Text of a token that was brought along; without it one is minted. */
  readonly text?: string
}

export interface TestServerProcess extends AsyncDisposable, RunningServer {
  readonly owner: Owner
  readonly app: Directory
  readonly keyring: Keyring
  readonly metrics: Metrics
  readonly log: readonly LogLine[]
  readonly directoryURL: string
  newTenant(facts?: TenantFacts): Promise<TestTenant>
  /** Writes the tenant's row again, as after an edit of its specification. */
  putTenant(id: TenantId, facts: TenantFacts): Promise<void>
  newToken(tenantId: TenantId, facts?: TokenFacts): Promise<string>
  /** Day (UTC) on which a token was last used, as recorded; undefined if it never was. */
  lastUseOf(tenantId: TenantId, tokenId: string): Promise<string | undefined>
  /** Tenants whose evaluation waits for a worker. */
  waitingEvaluations(): Promise<readonly string[]>
}

export const pepper: Pepper = { kid: 'k1', key: randomBytes(32) }
export const keyring: Keyring = {
  current: () => pepper,
  find: (kid) => (kid === pepper.kid ? pepper : undefined),
}

/** Starts it; every option of `startServer` may be given. Disposing stops it and closes its connections. */
export const startScim = async (
  db: Pick<TestDatabase, 'ownerUrl' | 'appUrl'>,
  options: Partial<ServerOptions> = {},
): Promise<TestServerProcess> => {
  await using stack = new AsyncDisposableStack()
  const ownerDirectory = stack.use(await openDirectory({ url: db.ownerUrl, applicationName: 'test-owner' }))
  const owner = await takeEpoch(ownerDirectory)
  const app = stack.use(await openDirectory({ url: db.appUrl, applicationName: 'test-server' }))
  const log: LogLine[] = []
  const metrics = createMetrics({ ofProcess: false })
  const server = stack.use(
    await startServer({
      directory: app,
      keyring,
      metrics,
      log: createLogger('server', { level: 'debug', stream: linesInto(log) }),
      scimPort: 0,
      directoryPort: 0,
      host: '127.0.0.1',
      pathRouting: true,
      pathOrigin: 'self',
      ...options,
    }),
  )
  const owned = stack.move()
  const context = { owner, scimPort: server.scimPort }
  return {
    owner,
    app,
    keyring,
    metrics,
    log,
    scimPort: server.scimPort,
    directoryPort: server.directoryPort,
    directoryURL: `http://127.0.0.1:${server.directoryPort}`,
    newTenant: (facts) => newTenant(context, facts),
    async putTenant(id, facts) {
      const known = await tenantById(ownerDirectory, id)
      if (known === undefined) throw new Error('There is no such tenant')
      const { deleted: _, deleteAfter: __, ...row } = known
      await mustPut(owner, tenantRow(row, facts))
    },
    newToken: (tenantId, facts) => newToken(owner, tenantId, facts),
    async lastUseOf(tenantId, tokenId) {
      const token = (await tokensOf(owner.directory, tenantId)).find(({ id }) => id === tokenId)
      return token?.lastUsed?.toISOString().slice(0, 10)
    },
    async waitingEvaluations() {
      const rows = await withClient(ownerDirectory, (query) =>
        query<{ key: string }>(`select key from graphile_worker.jobs where task_identifier = 'evaluate'`),
      )
      return rows.map(({ key }) => key.replace('evaluate:', ''))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const linesInto = (log: LogLine[]): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      const line: LogLine = JSON.parse(chunk.toString())
      log.push(line)
      done()
    },
  })

/** Limits that no test meets by accident. */
const generous = { requestsPerSecond: 100_000, burst: 100_000 }

const tenantRow = (usual: NewTenantRow, facts: TenantFacts): NewTenantRow => ({
  ...usual,
  state: facts.state ?? 'Active',
  endpointPath: facts.endpointPath ?? '/scim/v2',
  settings: {
    ...usual.settings,
    compatibility: { ...usual.settings.compatibility, ...facts.settings?.compatibility },
    limits: { ...usual.settings.limits, ...generous, ...facts.settings?.limits },
  },
  hosts: facts.hosts ?? [],
})

const mustPut = async (owner: Owner, row: NewTenantRow): Promise<void> => {
  const outcome = await putTenant(owner, row)
  if (outcome.kind !== 'ok') throw new Error(`The tenant was not written: ${JSON.stringify(outcome)}`)
}

const newTenant = async (
  { owner, scimPort }: { readonly owner: Owner; readonly scimPort: number },
  facts: TenantFacts = {},
): Promise<TestTenant> => {
  const row = tenantRow(newTenantRow(), facts)
  await mustPut(owner, row)
  const token = await newToken(owner, row.id)
  const baseURL = `http://127.0.0.1:${scimPort}/t/${row.slug}${row.endpointPath}`
  const send: TestTenant['send'] = (method, path, options = {}) =>
    sendTo(baseURL + path, method, { token, ...options })
  return {
    id: row.id,
    slug: row.slug,
    token,
    baseURL,
    send,
    get: (path, headers = {}) => send('GET', path, { headers }),
    post: (path, body) => send('POST', path, { body }),
    put: (path, body) => send('PUT', path, { body }),
    patch: (path, body) => send('PATCH', path, { body }),
    delete: (path) => send('DELETE', path),
    async create(path, body) {
      const created = await send('POST', path, { body })
      if (created.status !== 201) throw new Error(`Not created: ${created.status} ${created.text}`)
      const id: string = created.body.id
      return id
    },
  }
}

const newToken = async (owner: Owner, tenantId: TenantId, facts: TokenFacts = {}): Promise<string> => {
  const { text, ...fields } = facts
  const id = newTokenId(randomBytes(16))
  const token = text ?? mintToken({ id, random: randomBytes(32) })
  const record = {
    tenantId,
    id,
    keyId: pepper.kid,
    digest: digestOf(pepper, tenantId, token),
    scope: 'provision' as const,
    reader: fields.scope === 'read' ? 'reader' : null,
    notBefore: new Date(Date.now() - 1000),
    expires: new Date(Date.now() + 3_600_000),
    retires: null,
    revoked: null,
    created: new Date(),
    lastUsed: null,
    ...fields,
  }
  await putTokens(owner, tenantId, [{ ...record, mac: macOf(pepper, record) }])
  return token
}

/**
 * Sends one request over a connection of its own. Not `fetch`: tests set Host and send bodies that fetch refuses.
 */
export const sendTo = (url: string, method: string, send: Send = {}): Promise<Reply> => {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const payload = send.raw ?? (send.body === undefined ? undefined : JSON.stringify(send.body))
  const headers: Record<string, string> = {
    ...(typeof send.token === 'string' ? { authorization: `Bearer ${send.token}` } : {}),
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/scim+json', 'content-length': String(Buffer.byteLength(payload)) }),
    ...send.headers,
  }
  const request = httpRequest(url, { method, headers, agent: false }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        body: text === '' ? undefined : JSON.parse(text),
      })
    })
  })
  request.on('error', reject)
  request.end(payload)
  return promise
}
