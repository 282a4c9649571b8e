/** The life of an operator process: what it needs to start, what outages do to it, what it looks at. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test, vi } from 'vitest'

import { createPepper } from '#platform/pepper.ts'
import { Child } from '#test/kit/child-process.ts'
import { cloneDatabase, emptyDatabase } from '#test/kit/postgres.ts'

import { startApiServer } from './api-server.ts'
import { installDefinitions } from './definitions.ts'
import { newNamespace } from './kit.ts'
import { runKubectl } from './kubectl.ts'
import { Operators, patience } from './operators.ts'

const well = { status: 200, text: 'ok' }

test('every mistake in the environment of an operator is one sentence, and its exit code 1', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'scim-operator-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  await createPepper(folder, new Date())
  const start = (env: Readonly<Record<string, string>>) =>
    stack.use(new Child({ main: 'src/operator/main.ts', env: { OPS_PORT: '0', ...env } }))
  const given = { DATABASE_OWNER_URL: 'postgres://owner@127.0.0.1:1/scim', PEPPER_DIR: folder }
  const wrong = start({ DATABASE_OWNER_URL: 'localhost', RESYNC_SECONDS: '10m', WATCH_NAMESPACES: 'Team A' })
  const nowhere = start(given)
  const lost = start({ ...given, KUBECONFIG: join(folder, 'none') })
  expect(await wrong.ended()).toBe(1)
  expect(wrong.stderr.trimEnd().split('\n')).toEqual([
    'DATABASE_OWNER_URL must be a URL such as postgres://user:password@host:5432/database.',
    'PEPPER_DIR is missing: it must be a folder.',
    'WATCH_NAMESPACES must be Kubernetes names with commas between them, such as team-a,team-b, not "Team A".',
    'RESYNC_SECONDS must be a whole number from 10 to 86400, not "10m".',
  ])
  expect(await nowhere.ended()).toBe(1)
  expect(nowhere.stderr).toBe('KUBECONFIG is missing, and this is no pod of a cluster: it must be a file.\n')
  expect(await lost.ended()).toBe(1)
  const none = join(folder, 'none')
  expect(lost.stderr).toBe(
    `The kubeconfig ${none} cannot be read: ENOENT: no such file or directory, open '${none}'.\n`,
  )
})

test('a Postgres that refuses the password ends the leader with one sentence', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const url = new URL(operators.toPostgres.url)
  url.username = 'nobody_of_this_name'
  const child = operators.start({ DATABASE_OWNER_URL: url.href })
  expect(await child.ended()).toBe(1)
  expect(child.stderr).toMatch(
    /^Postgres refuses the connection \(.*"nobody_of_this_name".*\): correct DATABASE_OWNER_URL\.\n$/,
  )
  // Another pod may have the right one.
  expect((await operators.lease()).holderIdentity).toBe('')
})

test('an operator that starts while Kubernetes and Postgres are away waits for both, and says so', async () => {
  await using db = await emptyDatabase()
  await using operators = await Operators.on(db)
  await operators.toKube.stop()
  await operators.toPostgres.stop()
  const child = operators.start()
  await vi.waitFor(
    async () =>
      expect(await child.probe('/readyz')).toEqual({
        status: 503,
        text: expect.stringMatching(/^waiting for Kubernetes: no list of ScimIntegration, .* has come yet$/),
      }),
    patience,
  )
  expect(await child.probe('/livez')).toEqual(well)
  await operators.toKube.start()
  await child.untilReady()
  await child.untilSaid('Postgres is away; the leader waits for it')
  expect(await child.probe('/readyz')).toEqual(well)
  await operators.toPostgres.start()
  await child.untilSaid('leading')
  await operators.apply('okta')
  await operators.untilReady('okta')
  expect(await child.stop()).toBe(0)
  expect(child.stderr).toBe('')
})

test('an outage of Postgres restarts no operator; its integrations say so and go on when it is over', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const child = operators.start({ RESYNC_SECONDS: '10' })
  await child.untilSaid('leading')
  await operators.apply('old')
  await operators.untilReady('old')
  await operators.toPostgres.stop()
  await operators.apply('new')
  await operators.untilCondition('new', 'Degraded', /^True\/DatabaseUnavailable$/)
  await operators.untilCondition('old', 'Degraded', /^True\/DatabaseUnavailable$/)
  expect(await child.probe('/livez')).toEqual(well)
  expect(await child.probe('/readyz')).toEqual(well)
  await operators.toPostgres.start()
  await operators.untilReady('new')
  await operators.untilCondition('old', 'Degraded', /^False/)
  expect(child.said('leading')).toHaveLength(1)
  expect(child.isRunning).toBe(true)
})

test('an outage of the API server restarts no operator; it stops leading and leads again when it is over', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const leader = operators.start()
  await leader.untilSaid('leading')
  const standby = operators.start()
  await standby.untilReady()
  await operators.apply('old')
  await operators.untilReady('old')
  await operators.toKube.stop()
  await leader.untilSaid('leadership lost')
  for (const child of [leader, standby]) {
    expect(await child.probe('/livez')).toEqual(well)
    expect(await child.probe('/readyz')).toEqual(well)
  }
  await operators.apply('new')
  await operators.toKube.start()
  await operators.untilReady('new')
  expect([leader.isRunning, standby.isRunning]).toEqual([true, true])
  expect([leader, standby].flatMap((child) => child.said('leading'))).toHaveLength(2)
})

test('an operator looks at the namespaces that it is told and at no other', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const [second, elsewhere] = [await newNamespace('operator'), await newNamespace('operator')]
  const child = operators.start({ WATCH_NAMESPACES: `${operators.namespace},${second}` })
  await child.untilSaid('leading')
  await operators.apply('ignored', { namespace: elsewhere })
  await operators.apply('first')
  await operators.apply('second', { namespace: second })
  await operators.untilReady('first')
  await vi.waitFor(
    async () => expect(await operators.condition('second', 'Ready', second)).toMatch(/^True/),
    patience,
  )
  expect(await operators.condition('ignored', 'Ready', elsewhere)).toBe('undefined/undefined')
})

test('a cluster without Gateway API is told so, and has routes soon after that is installed', async () => {
  await using cluster = await startApiServer()
  await installDefinitions(cluster.kubeconfig, [join(import.meta.dirname, '../../crds')])
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db, cluster)
  const child = operators.start({ DEFAULT_ENDPOINT_TYPE: 'HTTPRoute', RESYNC_SECONDS: '10' })
  await child.untilSaid('leading')
  await operators.apply('okta')
  await operators.untilCondition('okta', 'EndpointReady', /^False\/GatewayAPINotInstalled$/)
  await installDefinitions(cluster.kubeconfig)
  await operators.untilCondition('okta', 'EndpointReady', /^False\/RoutePending$/)
  const routes = await runKubectl(
    ['get', 'httproutes', '--namespace', operators.namespace, '--output=name'],
    cluster,
  )
  expect(routes.trim().split('\n')).toHaveLength(1)
  expect(child.said('leading')).toHaveLength(1)
})
