/** The life of an integration as a person on a cluster sees it: kubectl on one side, an identity provider on the other. */

import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import * as z from 'zod'

import { ScimIntegration } from '#operator/api/scim-integration.ts'
import { httpRouteKind } from '#operator/tenant/manifests.ts'
import { Child } from '#test/kit/child-process.ts'
import { anIntegration } from '#test/kit/manifests.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

import { testCluster } from './kit.ts'
import { runKubectl } from './kubectl.ts'
import { Operators, patience } from './operators.ts'
import { parentStatus, writeRouteStatus } from './quiet-cluster.ts'

const AnyObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
})

const Route = AnyObject.extend({
  metadata: z.looseObject({ name: z.string(), namespace: z.string(), generation: z.int() }),
  spec: z.object({ parentRefs: z.tuple([z.unknown()]), hostnames: z.array(z.string()) }),
})

const Secret = z.object({ data: z.object({ token: z.base64(), baseURL: z.base64() }) })

/** kubectl in one namespace. */
function person(namespace: string) {
  const run = (input: string | undefined, ...args: readonly string[]) =>
    runKubectl([...args, '--namespace', namespace], {
      ...testCluster(),
      ...(input === undefined ? {} : { input }),
    })
  const get = async (object: string): Promise<unknown> =>
    JSON.parse(await run(undefined, 'get', object, '--output=json'))
  return {
    get,
    run: (...args: readonly string[]) => run(undefined, ...args),
    apply: (object: object) => run(JSON.stringify(object), 'apply', '--filename=-'),
    patch: (object: string, patch: object) =>
      run(undefined, 'patch', object, '--type=merge', `--patch=${JSON.stringify(patch)}`),
    integration: async () => ScimIntegration.parse(await get('scimi/okta')),
    route: async () => Route.parse(await get('httproute/okta-scim')),
    names: async (kinds: string) =>
      (await run(undefined, 'get', kinds, '--output=name')).split('\n').filter((name) => name !== ''),
  }
}

test('an integration is applied, used, edited, defended and deleted with kubectl and a token alone', async () => {
  await using db = await cloneDatabase()
  await using operators = await Operators.on(db)
  const kubectl = person(operators.namespace)
  const operator = operators.start()
  await using server = new Child({
    main: 'src/server/main.ts',
    env: {
      DATABASE_URL: db.appUrl,
      PEPPER_DIR: operators.pepper,
      SCIM_PORT: '0',
      DIRECTORY_PORT: '0',
      OPS_PORT: '0',
    },
  })

  await kubectl.apply(
    anIntegration('okta', { endpoint: { type: 'HTTPRoute' } }, { namespace: operators.namespace }),
  )
  const { parentRefs } = (await vi.waitFor(kubectl.route, patience)).spec
  await writeRouteStatus(httpRouteKind, await kubectl.route(), { parents: [parentStatus(parentRefs[0], 1)] })
  await kubectl.run('wait', '--for=condition=Ready', '--timeout=90s', 'scimi/okta')

  const { status } = await kubectl.integration()
  const { data } = Secret.parse(await kubectl.get(`secret/${status.delivery?.secretName}`))
  const [token, baseURL] = [data.token, data.baseURL].map((text) => Buffer.from(text, 'base64').toString())
  expect(baseURL).toBe(status.baseURL)
  const { host, pathname } = new URL(`${baseURL}/Users`)
  const origin = `http://127.0.0.1:${await server.port('scimPort', 'ready')}`
  const answer = async (): Promise<number> => {
    const headers = { host, authorization: `Bearer ${token}` }
    const { statusCode, body } = await request(`${origin}${pathname}`, { headers })
    await body.dump()
    return statusCode
  }
  const untilAnswer = (code: number) => vi.waitFor(async () => expect(await answer()).toBe(code), patience)
  await untilAnswer(200)

  await kubectl.run(
    'annotate',
    `secret/${status.delivery?.secretName}`,
    `scim-operator.io/acknowledged=${status.delivery?.tokenID}`,
  )
  await vi.waitFor(
    async () => expect(await kubectl.names('secrets')).toEqual(['secret/okta-scim-token']),
    patience,
  )

  await kubectl.patch('scimi/okta', { spec: { state: 'Disabled' } })
  await untilAnswer(403)
  await kubectl.patch('scimi/okta', { spec: { state: 'Active' } })
  await untilAnswer(200)
  await kubectl.run('wait', '--for=condition=Ready', '--timeout=90s', 'scimi/okta')

  // The next look by the clock is ten minutes away: what puts these back is the watch.
  const { hostnames } = (await kubectl.route()).spec
  await kubectl.patch('httproute/okta-scim', { spec: { hostnames: ['evil.test'] } })
  await kubectl.run('delete', 'secret/okta-scim-token')
  await vi.waitFor(async () => {
    expect((await kubectl.route()).spec.hostnames).toEqual(hostnames)
    expect(await kubectl.names('secrets')).toEqual(['secret/okta-scim-token'])
  }, patience)
  const metrics = await fetch(`http://127.0.0.1:${await operator.port('opsPort', 'started')}/metrics`)
  const drift = [
    ...(await metrics.text()).matchAll(/^scim_operator_drift_corrections_total\{(.*)\} (\d+)$/gm),
  ]
  expect(drift.map(([, kind, count]) => `${kind} ${count}`).toSorted()).toEqual([
    'kind="HTTPRoute" 1',
    'kind="Secret" 1',
  ])
  await untilAnswer(200)

  await vi.waitFor(async () => {
    const events = await kubectl.run('get', 'events', '--output=jsonpath={.items[*].reason}')
    expect(events.split(' ')).toEqual(
      expect.arrayContaining([
        'TenantCreated',
        'TokenIssued',
        'Available',
        'TokenAcknowledged',
        'TokenRecordRestored',
      ]),
    )
  }, patience)

  await kubectl.run('delete', 'scimi/okta', '--timeout=90s')
  expect(await kubectl.names('scimintegrations,secrets,httproutes')).toEqual([])
  // Nobody answers for the host any more, as for one that never had a tenant.
  await untilAnswer(404)
  expect(await operator.stop()).toBe(0)
  expect(await server.stop()).toBe(0)
})
