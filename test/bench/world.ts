/** What the rows are measured on: one Postgres with durability on, one tenant with users, and the two servers. */
import { fork } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openDirectory } from '#directory/database.ts'
import { takeEpoch } from '#directory/owner.ts'
import { putTenant } from '#directory/tenant-writes.ts'
import { tenantIdOf } from '#directory/tenant-scope.ts'
import { digestOf, macOf, mintToken, newTokenId } from '#directory/token.ts'
import { putTokens } from '#directory/tokens.ts'
import { createPepper, openKeyring } from '#platform/pepper.ts'
import { ownerRole, startTestServer, urlFor } from '#test/kit/test-server.ts'

import { bareSchema } from './bare.ts'
import { asOwner } from './sql.ts'

import type { TenantId } from '#directory/tenant-scope.ts'
import type { LoadPlan } from './load.ts'
import type { ServerOrder } from './server-process.ts'

/** A running server, and how to address it. */
export interface Side {
  plan(method: LoadPlan['method'], paths: readonly string[]): Omit<LoadPlan, 'expectedStatus'>
}

export interface World {
  readonly product: Side
  readonly bare: Side
  readonly tenantId: TenantId
  /** Of the owner of the schema. */
  readonly ownerUrl: string
}

const poolSize = 10
const slug = 'bench'
const endpointPath = '/scim/v2'

export const openWorld = async (stack: AsyncDisposableStack): Promise<World> => {
  const postgres = await startTestServer({})
  stack.defer(postgres.stop)
  const { adminUrl, template } = postgres.server
  const ownerUrl = urlFor(adminUrl, ownerRole, template)
  const pepperFolder = await mkdtemp(join(tmpdir(), 'scim-bench-'))
  stack.defer(() => rm(pepperFolder, { recursive: true, force: true }))
  await createPepper(pepperFolder, new Date())
  const tenantId = tenantIdOf(randomUUID())
  const token = await provision({ ownerUrl, pepperFolder, tenantId })
  for (const statement of bareSchema) await asOwner(ownerUrl, statement)
  const order = { poolSize, pepperFolder }
  const productUrl = urlFor(adminUrl, 'scim_app', template)
  const productPort = await startServerProcess(stack, { ...order, kind: 'product', databaseUrl: productUrl })
  const barePort = await startServerProcess(stack, { ...order, kind: 'bare', databaseUrl: ownerUrl })
  const headers = { 'content-type': 'application/scim+json', authorization: `Bearer ${token}` }
  return {
    tenantId,
    ownerUrl,
    product: side(productPort, `/t/${slug}${endpointPath}`, headers),
    bare: side(barePort, '', headers),
  }
}

const side = (port: number, prefix: string, headers: Readonly<Record<string, string>>): Side => ({
  plan: (method, paths) => ({
    origin: `http://127.0.0.1:${port}`,
    method,
    headers,
    paths: paths.map((path) => prefix + path),
  }),
})

interface Provisioning {
  readonly ownerUrl: string
  readonly pepperFolder: string
  readonly tenantId: TenantId
}

/** One tenant and its token, as the operator writes them. */
const provision = async ({ ownerUrl, pepperFolder, tenantId }: Provisioning): Promise<string> => {
  await using directory = await openDirectory({ url: ownerUrl, applicationName: 'bench' })
  const owner = await takeEpoch(directory)
  const now = new Date()
  await putTenant(owner, {
    id: tenantId,
    slug,
    ownerUid: tenantId,
    namespace: 'bench',
    name: 'bench',
    displayName: 'Bench',
    state: 'Active',
    endpointPath,
    settings: {
      identityProvider: 'EntraID',
      compatibility: {
        patchResponse: 'NoContent',
        contentType: 'Auto',
        strictness: 'Lenient',
        postInactive: 'Conflict',
      },
      // What is measured is the work of a request, not the limit on how many there may be.
      limits: {
        maxUsers: 10_000_000,
        maxGroupMembers: 10_000_000,
        requestsPerSecond: 1_000_000,
        burst: 1_000_000,
        maxPayloadBytes: 10_485_760,
      },
    },
    specHash: 'bench',
    hosts: [],
    created: now,
  })
  await using keyring = await openKeyring(pepperFolder)
  const pepper = keyring.current()
  const id = newTokenId(randomBytes(32))
  const token = mintToken({ id, random: randomBytes(32) })
  const record = {
    tenantId,
    id,
    keyId: pepper.kid,
    digest: digestOf(pepper, tenantId, token),
    scope: 'provision' as const,
    reader: null,
    notBefore: now,
    expires: null,
    retires: null,
    revoked: null,
    created: now,
  }
  await putTokens(owner, tenantId, [{ ...record, mac: macOf(pepper, record), lastUsed: null }])
  return token
}

const startServerProcess = async (stack: AsyncDisposableStack, order: ServerOrder): Promise<number> => {
  const child = fork(join(import.meta.dirname, 'server-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  stack.defer(async () => {
    if (child.connected) child.disconnect()
    await ended
  })
  const port = new Promise<number>((resolve) =>
    child.once('message', (message: { port: number }) => resolve(message.port)),
  )
  child.send(order)
  const failed = ended.then(() => {
    throw new Error(`the ${order.kind} server did not start`)
  })
  return Promise.race([port, failed])
}
