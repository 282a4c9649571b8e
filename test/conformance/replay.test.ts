import { describe, expect, test } from 'vitest'

import { dialects } from '#scim/dialects.ts'
import { useServer } from '#test/kit/use-server.ts'

import { conversations, phases, replay } from './conversation.ts'

import type { TestTenant } from '#test/kit/server.ts'

// Whole conversations, as identity providers have them with a tenant in its life.
const used = useServer()
const recorded = conversations()

/** Dialect -> requests of the tenant that were counted under it. */
const counted = async ({ slug }: TestTenant): Promise<ReadonlyMap<string, number>> => {
  const counter = (await used.server.metrics.registry.getMetricsAsJSON()).find(
    ({ name }) => name === 'scim_dialect_total',
  )
  const values = (counter?.values ?? []).filter(({ labels }) => labels['tenant'] === slug)
  return new Map(values.map(({ labels, value }) => [String(labels['dialect']), value]))
}

test('both dialects of Entra, both ways of Okta, and the other vendors are recorded', () => {
  expect(recorded.map(({ name }) => name)).toEqual([
    'entra/aadOptscim062020',
    'entra/default',
    'google/conversation',
    'jumpcloud/conversation',
    'okta-aiw/conversation',
    'okta-oin/conversation',
    'onelogin/conversation',
    'ping/conversation',
  ])
})

test.for(recorded)('$name goes from the first connection to the last deletion, or says why not', (one) => {
  const explained = [...Object.keys(one.phases), ...Object.keys(one.leavesOut ?? {})]
  expect(explained.toSorted()).toEqual([...phases].toSorted())
})

describe('on a tenant of its own', () => {
  test.for(recorded)('$name is understood, and counted in its dialects and no others', async (one) => {
    const tenant = await used.server.newTenant()
    expect(await replay(one, { tenant, patchStatus: 200, isPlainJson: false })).toEqual([])
    expect([...(await counted(tenant)).keys()].toSorted()).toEqual([...one.dialects].toSorted())
  })
})

describe('on one tenant at the same time', () => {
  test.for([
    ['as RFC 7644 has it', {}, { patchStatus: 200, isPlainJson: false }],
    [
      'with the defaults for another vendor',
      { patchResponse: 'NoContent', contentType: 'JSON' },
      { patchStatus: 204, isPlainJson: true },
    ],
  ] as const)('all vendors are understood, %s', async ([, compatibility, answers]) => {
    const tenant = await used.server.newTenant({ settings: { compatibility } })
    const alone = await Promise.all(recorded.map((one) => replay(one, { tenant, ...answers })))
    expect(alone).toEqual(recorded.map(() => []))
    const met = await counted(tenant)
    expect(new Set(met.keys())).toEqual(new Set(recorded.flatMap((one) => one.dialects)))
    expect([...met.keys()].filter((name) => !(name in dialects))).toEqual([])
  })
})
