/** What the rows are measured on: one Postgres with durability on, and the servers in processes of their own. */
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

import type { Owner } from '#directory/owner.ts'
import type { TenantId } from '#directory/tenant-scope.ts'
import type { Pepper } from '#directory/token.ts'
import type { LoadPlan } from './load.ts'
import type { ServerOrder } from './server-process.ts'

/** How a running server is addressed, by a tenant or bare. */
export interface Side {
  plan(method: LoadPlan['method'], paths: readonly string[]): Omit<LoadPlan, 'expectedStatus'>
}

export interface Tenant extends Side {
  readonly id: TenantId
}

export interface World {
  /** Makes a tenant with its token, empty. */
  newTenant(): Promise<Tenant>
  readonly bare: Side
  readonly productPid: number
  readonly barePid: number
  readonly owner: Owner
  /** Of the owner of the schema. */
  readonly ownerUrl: string
  /** Starts a worker process, which ends with the stack; its process id. */
  startWorker(stack: AsyncDisposableStack): Promise<number>
}

const poolSize = 10
/**
 * The heap that Node itself chooses in a pod of 512 MB (values.yaml of the chart), with the young part that the image
 * asks for. On a large machine it would let garbage lie until hundreds of megabytes are full.
 */
export const heapOfPod = ['--max-old-space-size=256', '--max-semi-space-size=16']
const endpointPath = '/scim/v2'

export const openWorld = async (stack: AsyncDisposableStack): Promise<World> => {
  const postgres = await startTestServer(settings)
  stack.defer(postgres.stop)
  const { adminUrl, template } = postgres.server
  const ownerUrl = urlFor(adminUrl, ownerRole, template)
  const pepperFolder = await mkdtemp(join(tmpdir(), 'scim-bench-'))
  stack.defer(() => rm(pepperFolder, { recursive: true, force: true }))
  await createPepper(pepperFolder, new Date())
  for (const statement of bareSchema) await asOwner(ownerUrl, statement)
  const order = { poolSize, pepperFolder }
  const appUrl = urlFor(adminUrl, 'scim_app', template)
  const product = await startProcess(stack, { ...order, kind: 'product', databaseUrl: appUrl })
  const bare = await startProcess(stack, { ...order, kind: 'bare', databaseUrl: ownerUrl })
  const directory = stack.use(await openDirectory({ url: ownerUrl, applicationName: 'bench' }))
  const owner = await takeEpoch(directory)
  const keyring = stack.use(await openKeyring(pepperFolder))
  return {
    owner,
    ownerUrl,
    productPid: product.pid,
    barePid: bare.pid,
    bare: side(bare.port, '', ''),
    async newTenant() {
      const id = tenantIdOf(randomUUID())
      const slug = `bench-${id.slice(0, 8)}`
      const token = await provision(owner, keyring.current(), { id, slug })
      return { id, ...side(product.port, `/t/${slug}${endpointPath}`, token) }
    },
    async startWorker(workerStack) {
      const databaseUrl = urlFor(adminUrl, 'scim_worker', template)
      return (await startProcess(workerStack, { ...order, kind: 'worker', databaseUrl })).pid
    },
  }
}

/** What a directory of this size is given anywhere; durability is on. */
const settings = { shared_buffers: '512MB', max_wal_size: '4GB' }

const side = (port: number, prefix: string, token: string): Side => ({
  plan: (method, paths) => ({
    origin: `http://127.0.0.1:${port}`,
    method,
    headers: { 'content-type': 'application/scim+json', authorization: `Bearer ${token}` },
    paths: paths.map((path) => prefix + path),
  }),
})

/** A tenant and its token, as the operator writes them; the token. */
const provision = async (
  owner: Owner,
  pepper: Pepper,
  { id: tenantId, slug }: { readonly id: TenantId; readonly slug: string },
): Promise<string> => {
  const now = new Date()
  await putTenant(owner, {
    id: tenantId,
    slug,
    ownerUid: tenantId,
    namespace: 'bench',
    name: slug,
    displayName: slug,
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

interface Started {
  readonly port: number
  readonly pid: number
}

const startProcess = async (stack: AsyncDisposableStack, order: ServerOrder): Promise<Started> => {
  const child = fork(join(import.meta.dirname, 'server-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...heapOfPod],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  stack.defer(async () => {
    if (child.connected) child.disconnect()
    await ended
  })
  const started = new Promise<Started>((resolve) =>
    child.once('message', (message: { port: number }) => resolve({ ...message, pid: child.pid ?? 0 })),
  )
  child.send(order)
  const failed = ended.then(() => {
    throw new Error(`the ${order.kind} process did not start`)
  })
  return Promise.race([started, failed])
}
