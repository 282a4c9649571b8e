import { describe, expect, test } from 'vitest'

import { describeAction } from '#operator/tenant/action.ts'
import { httpRouteKind, hashSecret } from '#operator/tenant/manifests.ts'
import { planTenant } from '#operator/tenant/plan.ts'
import { parsedIntegration } from '#test/kit/integration.ts'
import { testKeyring } from '#test/kit/test-keyring.ts'

import type { KubeObject } from '#operator/kube.ts'
import type { Action } from '#operator/tenant/action.ts'
import type { World } from '#operator/tenant/world.ts'

const tools = {
  keyring: testKeyring,
  random: (bytes: number) => new Uint8Array(bytes).fill(9),
  settings: { defaultEndpointType: 'HTTPRoute', baseDomain: 'scim.test' },
  now: new Date('2026-11-22T10:00:00Z'),
} as const

function aWorld(spec: Record<string, unknown> = {}, changes: Partial<World> = {}): World {
  const integration = parsedIntegration({ spec })
  const { apiVersion, kind, metadata } = integration
  return {
    integration,
    object: { apiVersion, kind, metadata },
    owner: metadata,
    candidates: { own: undefined, wanted: undefined, namesake: undefined },
    hashSecret: undefined,
    secrets: [],
    rows: [],
    occupied: [],
    routes: [{ kind: httpRouteKind, isServed: true, object: undefined }],
    policies: [],
    ...changes,
  }
}

/** The world after the action, as Kubernetes and Postgres would have it. */
function after(world: World, action: Action): World {
  switch (action.kind) {
    case 'HoldFinalizer': {
      const metadata = { ...world.integration.metadata, finalizers: [action.finalizer] }
      return { ...world, integration: { ...world.integration, metadata } }
    }
    case 'PutTenant':
    case 'RestoreTenant': {
      const own = { ...action.tenant, deleted: null, deleteAfter: null }
      return { ...world, candidates: { ...world.candidates, own } }
    }
    case 'CreateSecret':
      return { ...world, secrets: [...world.secrets, action.object] }
    case 'ApplyObject':
      return action.object.kind === 'Secret'
        ? { ...world, hashSecret: action.object }
        : { ...world, routes: [{ kind: httpRouteKind, isServed: true, object: action.object }] }
    case 'PutTokens': {
      const kept = world.rows.filter(({ id }) => action.records.every((record) => record.id !== id))
      return { ...world, rows: [...kept, ...action.records] }
    }
    case 'RemoveTokens':
      return { ...world, rows: world.rows.filter(({ id }) => !action.ids.includes(id)) }
    case 'DeleteObject':
      return { ...world, secrets: world.secrets.filter((object) => object !== action.object) }
    case 'TombstoneTenant':
    case 'DropTenant':
    case 'ReleaseFinalizer':
      throw new Error(`not a step of a living integration: ${action.kind}`)
  }
}

const kinds = (world: World) => planTenant(world, tools).actions.map(({ kind }) => kind)
const settled = (world: World) => planTenant(world, tools).actions.reduce(after, world)

test('a new integration is held, then known to the database, then given its token, then its route', () => {
  expect(kinds(aWorld())).toEqual([
    'HoldFinalizer',
    'PutTenant',
    'CreateSecret',
    'ApplyObject',
    'PutTokens',
    'ApplyObject',
  ])
})

test.for([
  ['nothing special', {}],
  ['readers', { readers: [{ name: 'app' }, { name: 'audit' }] }],
  ['no route', { endpoint: { type: 'None' } }],
  ['a disabled state', { state: 'Disabled' }],
  ['a rotation asked for from the start', { token: { rotation: { requestID: 'a' } } }],
] as const)('when a plan for an integration with %s is carried out, the next plan is empty', ([, spec]) => {
  const world = settled(aWorld(spec))
  expect(planTenant(world, tools).actions).toEqual([])
})

test('cut short after any of its actions, a plan is taken up again and ends in the same world', () => {
  const world = aWorld({ readers: [{ name: 'app' }] })
  const { actions } = planTenant(world, tools)
  const whole = settled(world)
  for (let done = 0; done <= actions.length; done += 1) {
    const resumed = settled(actions.slice(0, done).reduce(after, world))
    expect([done, resumed.rows.map(({ id }) => id).toSorted()]).toEqual([
      done,
      whole.rows.map(({ id }) => id).toSorted(),
    ])
    expect(planTenant(resumed, tools).actions).toEqual([])
  }
})

const rotated = (world: World, requestID: string): World => {
  const token = { ...world.integration.spec.token, rotation: { requestID, overlapSeconds: 60 } }
  return { ...world, integration: { ...world.integration, spec: { ...world.integration.spec, token } } }
}

describe('a plan', () => {
  test('of a rotation writes the delivery first and removes the old one last', () => {
    expect(kinds(rotated(settled(aWorld()), 'a'))).toEqual([
      'CreateSecret',
      'ApplyObject',
      'PutTokens',
      'DeleteObject',
    ])
  })

  test('for people names every action and no secret', () => {
    const { actions } = planTenant(aWorld(), tools)
    const text = actions.map(describeAction).join('; ')
    expect(text).toContain('add the finalizer; write tenant okta-z5geomx5; write Secret okta-')
    expect(JSON.stringify(actions.filter(({ kind }) => kind !== 'CreateSecret'))).not.toContain('scimt_')
    expect(text).not.toContain('scimt_')
  })

  test('of a refused integration is empty, since what it asks for is somebody else’s', () => {
    const rival = settled(aWorld()).candidates.own!
    const wanted = { ...rival, ownerUid: 'other', name: 'other' }
    const world = aWorld(
      { tenantID: rival.slug },
      { candidates: { own: undefined, wanted, namesake: undefined } },
    )
    expect(planTenant(world, tools)).toMatchObject({ kind: 'refused', actions: [] })
  })

  test('issues nothing while its Secret of records is somebody else’s', () => {
    const foreign: KubeObject = hashSecret({ namespace: 'acme', name: 'okta', uid: 'other' }, [], {})
    expect(kinds(aWorld({}, { hashSecret: foreign }))).toEqual(['HoldFinalizer', 'PutTenant', 'ApplyObject'])
  })

  test('issues nothing where another Secret stands, and goes on with everything else', () => {
    const [secret] = planTenant(aWorld(), tools).actions.flatMap((action) =>
      action.kind === 'CreateSecret' ? [action.object.metadata.name] : [],
    )
    const world = aWorld({ readers: [{ name: 'app' }] }, { occupied: [secret!] })
    const written = settled(world)
    expect(written.rows.map(({ reader }) => reader)).toEqual(['app'])
  })
})
