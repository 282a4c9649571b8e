/** The whole way, through the product as a person starts it: manifest, tenant, token, SCIM over HTTP, assignment. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { Product, acknowledge, tokenIn } from '#test/kit/product.ts'
import { aGroup, aPatch, aUser } from '#test/kit/scim-bodies.ts'

import type { ReadyIntegration } from '#test/kit/product.ts'

const namespace = 'acme'
const name = 'acme-okta'

const integration = (spec = ''): string => `
apiVersion: scim-operator.io/v1alpha1
kind: ScimIntegration
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  displayName: Acme
  identityProvider: {type: Okta}
  readers: [{name: fleet}]
${spec}`

const policy = (value: string, where = 'title co "Contractor"'): string => `
apiVersion: scim-operator.io/v1alpha1
kind: ScimAssignmentPolicy
metadata: {name: laptops, namespace: ${namespace}}
spec:
  integrationRef: {name: ${name}}
  mode: Enforce
  cardinality: One
  default: standard
  rules:
    - name: contractors
      match:
        anyGroup: [{displayName: Contractors}]
        where: '${where}'
      assign: [${value}]
`

const Answer = z.looseObject({ id: z.string().optional() })
const Page = z.object({
  items: z.array(z.object({ user: z.string(), policy: z.string(), value: z.string() })),
})

/** One request; the status and the parsed body. */
const call = async (url: string, token: string, method = 'GET', body?: object) => {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: Answer.parse(text === '' ? {} : JSON.parse(text)) }
}

const create = async (url: string, token: string, body: object): Promise<string> => {
  const created = await call(url, token, 'POST', body)
  expect(created).toMatchObject({ status: 201 })
  return z.string().parse(created.body.id)
}

const provisioned = async (product: Product): Promise<ReadyIntegration> => {
  const ready = await product.ready(({ integrations }) =>
    integrations.some((entry) => entry.deliverySecret !== null && entry.readers[0]?.deliverySecret !== null),
  )
  return ready.integrations[0]!
}

const Status = z.object({
  status: z.looseObject({
    observedGeneration: z.int().optional(),
    conditions: z.array(
      z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }),
    ),
  }),
})

const conditionsOf = async (product: Product, plural: string, object: string) => {
  const parsed = Status.safeParse(await product.object(plural, namespace, object))
  return parsed.success ? parsed.data.status.conditions : []
}

const conditionOf = async (product: Product, plural: string, object: string, type: string) =>
  (await conditionsOf(product, plural, object)).find((condition) => condition.type === type)

describe('one running product', () => {
  let product: Product
  let baseURL: string
  let token: string
  let readerToken: string
  let directoryURL: string
  let user: string
  let group: string

  beforeAll(async () => {
    product = await Product.start({
      manifests: { 'integration.yaml': integration(), 'policy.yaml': policy('locked-down') },
    })
    const entry = await provisioned(product)
    const { ports } = await product.ready()
    baseURL = entry.baseURL
    directoryURL = `http://127.0.0.1:${ports.directory}`
    token = await tokenIn(entry.deliverySecret)
    readerToken = await tokenIn(entry.readers[0]?.deliverySecret)
  })
  afterAll(() => product[Symbol.asyncDispose]())

  /** What the user holds now. */
  const held = async (): Promise<readonly string[]> => {
    const { status, body } = await call(`${directoryURL}/v1/assignments?user=${user}`, readerToken)
    expect(status).toBe(200)
    return Page.parse(body).items.map(({ value }) => value)
  }
  const statusWithToken = async () => (await call(`${baseURL}/Users/${user}`, token)).status
  const soon = { timeout: 30_000, interval: 50 }

  test('K17: a pushed user gets what the policy gives to the groups and attributes that were pushed', async () => {
    user = await create(`${baseURL}/Users`, token, aUser('zoë@acme.example', { title: 'contractor, Zürich' }))
    await expect.poll(held, soon).toEqual(['standard'])
    group = await create(`${baseURL}/Groups`, token, aGroup('Contractors', [user]))
    await expect.poll(held, soon).toEqual(['locked-down'])
  })

  test('K8, K9: an inactive user holds nothing, and everything again when it comes back', async () => {
    await call(
      `${baseURL}/Users/${user}`,
      token,
      'PATCH',
      aPatch({ op: 'replace', value: { active: false } }),
    )
    await expect.poll(held, soon).toEqual([])
    await call(`${baseURL}/Users/${user}`, token, 'PATCH', aPatch({ op: 'replace', value: { active: true } }))
    await expect.poll(held, soon).toEqual(['locked-down'])
  })

  test('a group renamed by the identity provider keeps its meaning, and the policy says so', async () => {
    const rename = aPatch({ op: 'replace', path: 'displayName', value: 'Externals' })
    await call(`${baseURL}/Groups/${group}`, token, 'PATCH', rename)
    await product.until('the policy is degraded', async () => {
      const degraded = await conditionOf(product, 'scimassignmentpolicies', 'laptops', 'Degraded')
      return degraded?.status === 'True' && degraded.reason === 'GroupRenamed' ? true : undefined
    })
    expect(await held()).toEqual(['locked-down'])
  })

  test('an edited policy is in force without a restart', async () => {
    await product.writeManifest('policy.yaml', policy('locked-down-2'))
    await expect.poll(held, soon).toEqual(['locked-down-2'])
  })

  test('a manifest that breaks the schema is refused with its field and changes nothing', async () => {
    const before = await product.object('scimassignmentpolicies', namespace, 'laptops')
    await product.writeManifest('policy.yaml', policy('locked-down-3').replace('One', 'Some'))
    const refused = await product.until('the manifest is refused', () =>
      conditionOf(product, 'scimassignmentpolicies', 'laptops', 'ManifestAccepted'),
    )
    expect(refused).toMatchObject({ status: 'False', reason: 'Invalid' })
    expect(refused.message).toContain('spec.cardinality')
    const after = await product.object('scimassignmentpolicies', namespace, 'laptops')
    expect(after).toHaveProperty('spec', z.object({ spec: z.unknown() }).parse(before).spec)
    expect(await held()).toEqual(['locked-down-2'])
    await product.writeManifest('policy.yaml', policy('locked-down-2'))
    const complaint = () => conditionOf(product, 'scimassignmentpolicies', 'laptops', 'ManifestAccepted')
    await expect.poll(complaint, soon).toBeUndefined()
  })

  test('a filter that is none is refused with its field, and the rules before it stay in force', async () => {
    await product.writeManifest('policy.yaml', policy('locked-down-3', 'title sounds "Contractor"'))
    const ready = () => conditionOf(product, 'scimassignmentpolicies', 'laptops', 'Ready')
    await expect.poll(ready, soon).toMatchObject({ status: 'False', reason: 'InvalidSpec' })
    expect((await ready())?.message).toContain('spec.rules[0].match.where')
    expect((await ready())?.message).toContain('sounds')
    expect(await held()).toEqual(['locked-down-2'])
    await product.writeManifest('policy.yaml', policy('locked-down-2'))
    await expect.poll(ready, soon).toMatchObject({ status: 'True', reason: 'Enforced' })
  })

  test('after a rotation both tokens work, and a revoked one stops while the other goes on', async () => {
    const [first] = (await product.ready()).integrations
    await acknowledge(z.string().parse(first?.deliverySecret))
    await product.ready(({ integrations }) => integrations[0]?.deliverySecret === null)
    await product.writeManifest(
      'integration.yaml',
      integration('  token: {rotation: {requestID: first, overlapSeconds: 3600}}'),
    )
    const rotated = await product.ready(({ integrations }) => integrations[0]?.deliverySecret !== null)
    const second = await tokenIn(rotated.integrations[0]?.deliverySecret)
    expect(second).not.toBe(token)
    for (const one of [token, second])
      expect(await call(`${baseURL}/Users/${user}`, one)).toMatchObject({ status: 200 })

    const tokenID = token.split('_')[1]
    await product.writeManifest(
      'integration.yaml',
      integration(
        `  token: {rotation: {requestID: first, overlapSeconds: 3600}, revokedTokenIDs: [${tokenID}]}`,
      ),
    )
    await expect.poll(statusWithToken, soon).toBe(401)
    expect(await call(`${baseURL}/Users/${user}`, second)).toMatchObject({ status: 200 })
    token = second
  })

  test('K15: the reader token reads the directory and cannot provision, and the other way round', async () => {
    expect(await call(`${baseURL}/Users/${user}`, readerToken)).toMatchObject({ status: 401 })
    expect(await call(`${directoryURL}/v1/users`, token)).toMatchObject({ status: 401 })
    expect(await call(`${directoryURL}/v1/users`, readerToken)).toMatchObject({ status: 200 })
  })

  test('after a stop by signal with exit code 0, a second start finds users, tokens and assignments', async () => {
    expect(await product.stop()).toBe(0)
    expect(await product.readReady()).toBeUndefined()
    product.launch()
    const { ports, integrations } = await product.ready()
    baseURL = z.string().parse(integrations[0]?.baseURL)
    directoryURL = `http://127.0.0.1:${ports.directory}`
    expect(await call(`${baseURL}/Users/${user}`, token)).toMatchObject({ status: 200, body: { id: user } })
    expect(await held()).toEqual(['locked-down-2'])
  })

  test('K4: a removed manifest ends the tenant', async () => {
    await product.removeManifest('policy.yaml')
    await product.removeManifest('integration.yaml')
    await product.ready(({ integrations }) => integrations.length === 0)
    await expect.poll(statusWithToken, soon).toBe(404)
  })
})
