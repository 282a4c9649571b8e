import { rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

import { integrationYaml, integrations, specOf, temporaryKubeFolder } from '#test/kit/kube-folder.ts'

import type { KubeObject } from '#operator/kube.ts'
import type { TemporaryFolder } from '#test/kit/kube-folder.ts'

const patience = { timeout: 30_000 }

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

const accepted = (object: KubeObject | undefined): Condition | undefined => {
  const { conditions = [] } = (object?.['status'] ?? {}) as { conditions?: Condition[] }
  return conditions.find(({ type }) => type === 'ManifestAccepted')
}

const policy = (integration: string): string =>
  JSON.stringify({
    apiVersion: 'scim-operator.io/v1alpha1',
    kind: 'ScimAssignmentPolicy',
    metadata: { name: 'p', namespace: 'acme' },
    spec: {
      integrationRef: { name: integration },
      mode: 'Enforce',
      cardinality: 'Many',
      rules: [{ name: 'all', match: { where: 'active eq true' }, assign: ['x'] }],
    },
  })

/** Returns once one more manifest is in force: whatever was in the folder before it has been seen. */
const seenWith = async (folder: TemporaryFolder, name: string): Promise<void> => {
  await folder.write(`${name}.yaml`, integrationYaml(name))
  await folder.until(integrations, name, (object) => object !== undefined)
}

test('objects of nested folders and many documents are taken over with the defaults of the schema', async () => {
  await using folder = await temporaryKubeFolder({
    'one.yaml': `${integrationYaml('okta')}\n---\n# nothing\n---\n${integrationYaml('entra')}`,
    'deep/er/two.yml': integrationYaml('ping'),
    'notes.txt': 'not a manifest',
    '.hidden.yaml': integrationYaml('hidden'),
  })
  const { items } = await folder.kube.list(integrations)
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['entra', 'okta', 'ping'])
  expect(specOf(items[0])).toMatchObject({ deletionPolicy: 'Retain', endpoint: { path: '/scim/v2' } })
})

test('an object without a namespace lives in default', async () => {
  const manifest = JSON.parse(integrationYaml('okta'))
  delete manifest.metadata.namespace
  await using folder = await temporaryKubeFolder({ 'a.yaml': JSON.stringify(manifest) })
  expect(await folder.kube.get(integrations, { namespace: 'default', name: 'okta' })).toBeDefined()
})

test('an edit is in force without a word from anybody', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  await folder.write('a.yaml', integrationYaml('okta', { displayName: 'New' }))
  const okta = await folder.until(integrations, 'okta', (object) => specOf(object)['displayName'] === 'New')
  expect(okta?.metadata.generation).toBe(2)
})

test('an invalid edit keeps the last good spec and says in a condition which field is wrong and why', async () => {
  await using folder = await temporaryKubeFolder({
    'a.yaml': integrationYaml('okta'),
    'b.yaml': integrationYaml('entra'),
  })
  await folder.write('a.yaml', integrationYaml('okta', { state: 'Asleep', displayName: 'New' }))
  await folder.write('b.yaml', integrationYaml('entra', { state: 'Disabled' }))
  await folder.until(integrations, 'okta', (object) => accepted(object) !== undefined)
  await folder.until(integrations, 'entra', (object) => specOf(object)['state'] === 'Disabled')
  const okta = (await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' }))!
  expect(accepted(okta)).toMatchObject({
    status: 'False',
    reason: 'Invalid',
    message: 'a.yaml: spec.state: must be one of Active, Disabled, not "Asleep"',
  })
  expect(specOf(okta)).toMatchObject({ state: 'Active', displayName: 'okta' })
  expect(okta.metadata.generation).toBe(1)

  await folder.write('a.yaml', integrationYaml('okta', { displayName: 'New' }))
  await folder.until(integrations, 'okta', (object) => accepted(object) === undefined)
})

test('a rule of the definition refuses like the schema does, with its own message', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  await folder.write('a.yaml', integrationYaml('okta', { token: { source: 'SecretRef' } }))
  await folder.until(integrations, 'okta', (object) => accepted(object) !== undefined)
  const okta = await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })
  expect(accepted(okta)?.message).toMatch(/^a\.yaml: spec\.token: source SecretRef needs secretRef/)
})

test('what a rule forbids to change is refused on change only', async () => {
  const policies = { ...integrations, kind: 'ScimAssignmentPolicy', plural: 'scimassignmentpolicies' }
  await using folder = await temporaryKubeFolder({ 'p.yaml': policy('okta') })
  await folder.write('p.yaml', policy('entra'))
  await folder.until(policies, 'p', (object) => accepted(object) !== undefined)
  const refused = await folder.kube.get(policies, { namespace: 'acme', name: 'p' })
  expect(accepted(refused)?.message).toContain('integrationRef cannot be changed')
  expect(specOf(refused)['integrationRef']).toEqual({ name: 'okta' })
})

test('a manifest refused from the start leaves a file with its condition, and no object', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta', { displayName: '' }) })
  expect(await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })).toBeUndefined()
  const path = 'acme/scimintegrations/okta.yaml'
  expect(accepted(parse(await folder.read(path)))?.message).toBe(
    'a.yaml: spec.displayName: must have at least 1 characters',
  )
  await folder.write('a.yaml', integrationYaml('okta'))
  await folder.until(integrations, 'okta', (object) => object !== undefined && accepted(object) === undefined)
  await folder.write('b.yaml', integrationYaml('entra', { displayName: '' }))
  await vi.waitFor(() => folder.read('acme/scimintegrations/entra.yaml'), patience)
  await rm(join(folder.manifests, 'b.yaml'))
  await vi.waitFor(
    () => expect(folder.read('acme/scimintegrations/entra.yaml')).rejects.toThrow('ENOENT'),
    patience,
  )
})

test('fields that the schema does not know are left out and named', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta', { sate: 'Disabled' }) })
  const okta = await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })
  expect(specOf(okta)).not.toHaveProperty('sate')
  expect(accepted(okta)).toMatchObject({
    status: 'True',
    reason: 'UnknownFields',
    message: 'a.yaml: spec.sate is not known and was left out',
  })
})

test('a file that cannot be parsed keeps all its objects and is reported on each with the line', async () => {
  const both = `${integrationYaml('okta')}\n---\n${integrationYaml('entra')}`
  await using folder = await temporaryKubeFolder({ 'a.yaml': both })
  await folder.write('a.yaml', `${integrationYaml('okta')}\n---\nspec: [\n`)
  await folder.until(integrations, 'entra', (object) => accepted(object)?.reason === 'Unreadable')
  const entra = await folder.kube.get(integrations, { namespace: 'acme', name: 'entra' })
  expect(accepted(entra)?.message).toMatch(/^a\.yaml: .* at line \d+, column \d+$/)
  await folder.write('a.yaml', both)
  await folder.until(integrations, 'entra', (object) => accepted(object) === undefined)
})

test('a file that stays broken is told of once, with every mistake in it', async () => {
  const both = `${integrationYaml('okta')}\n---\n${integrationYaml('entra')}`
  await using folder = await temporaryKubeFolder({ 'a.yaml': both })
  await folder.write('a.yaml', 'spec: [\n---\nspec: {\n')
  for (const name of ['okta', 'entra'])
    await folder.until(integrations, name, (object) =>
      /^a\.yaml: .* at line 2, .*; a\.yaml: .* at line 4, /.test(accepted(object)?.message ?? ''),
    )
  // Each of these makes the adapter look at all files again.
  for (const name of ['x', 'y']) {
    await folder.write(`${name}.yaml`, integrationYaml(name))
    await folder.until(integrations, name, (object) => object !== undefined)
  }
  await folder.kube[Symbol.asyncDispose]()
  const events = z
    .array(z.object({ regarding: z.string(), reason: z.string(), count: z.int() }))
    .parse(parse(await folder.read('events.yaml')))
  const told = events.filter(({ reason }) => reason === 'ManifestUnreadable')
  expect(told.filter(({ regarding }) => regarding.startsWith('ScimIntegration'))).toHaveLength(2)
  expect(told.every(({ count }) => count === 1)).toBe(true)
})

test('a document that is no object keeps what the file held before', async () => {
  const manifest = integrationYaml('okta')
  await using folder = await temporaryKubeFolder({ 'a.yaml': manifest })
  await folder.write('a.yaml', manifest.replace('"kind"', '"knd"'))
  await folder.until(integrations, 'okta', (object) => accepted(object)?.reason === 'Unreadable')
  const okta = await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })
  expect(accepted(okta)?.message).toBe('a.yaml line 1: kind is required')
})

test('a removed manifest deletes its object, also when it was removed while nothing ran', async () => {
  await using folder = await temporaryKubeFolder({
    'a.yaml': integrationYaml('okta'),
    'b.yaml': integrationYaml('entra'),
  })
  await rm(join(folder.manifests, 'a.yaml'))
  await folder.until(integrations, 'okta', (object) => object === undefined)
  await folder.kube[Symbol.asyncDispose]()
  await rm(join(folder.manifests, 'b.yaml'))
  await folder.restart()
  expect(await folder.until(integrations, 'entra', (object) => object === undefined)).toBeUndefined()
})

test('a file that is empty for a moment, as editors leave it, deletes nothing', async () => {
  let nowMs = 0
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') }, () => new Date(nowMs))
  const before = await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })
  await folder.write('a.yaml', '')
  await seenWith(folder, 'while-empty')
  await folder.write('a.yaml', integrationYaml('okta'))
  await seenWith(folder, 'while-full')
  nowMs += 60_000
  await seenWith(folder, 'later')
  const after = await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })
  expect(after?.metadata.uid).toBe(before?.metadata.uid)
  expect(after?.metadata.deletionTimestamp).toBeUndefined()
})

test('an object may move to another file and stays the same', async () => {
  let nowMs = 0
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') }, () => new Date(nowMs))
  const before = await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })
  await rename(join(folder.manifests, 'a.yaml'), join(folder.manifests, 'b.yaml'))
  await seenWith(folder, 'at-once')
  nowMs += 60_000
  await seenWith(folder, 'later')
  const after = await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })
  expect(after?.metadata.uid).toBe(before?.metadata.uid)
})

test('a deleted object waits for its finalizer although its manifest is gone, and comes anew with a new one', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const first = (await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' }))!
  await folder.kube.setFinalizers(first, integrations, ['scim-operator.io/tenant'])
  await rm(join(folder.manifests, 'a.yaml'))
  await folder.until(integrations, 'okta', (object) => object?.metadata.deletionTimestamp !== undefined)
  await folder.write('a.yaml', integrationYaml('okta'))
  const leaving = (await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' }))!
  await folder.kube.setFinalizers(leaving, integrations, [])
  const second = await folder.until(
    integrations,
    'okta',
    (object) => object !== undefined && object.metadata.uid !== first.metadata.uid,
  )
  expect(second?.metadata).toMatchObject({ generation: 1 })
  expect(second?.metadata.finalizers).toBeUndefined()
})

test('of two manifests of one object the one in force holds, and the other is reported', async () => {
  await using folder = await temporaryKubeFolder({ 'b.yaml': integrationYaml('okta', { displayName: 'B' }) })
  await folder.write('a.yaml', integrationYaml('okta', { displayName: 'A' }))
  await vi.waitFor(
    async () =>
      expect(await folder.read('events.yaml')).toContain(
        'ScimIntegration acme/okta is declared twice: in b.yaml, which holds, and in a.yaml, which is ignored',
      ),
    patience,
  )
  const okta = await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })
  expect(specOf(okta)['displayName']).toBe('B')
})

test('a kind that is not served is reported, a Namespace is let pass', async () => {
  await using folder = await temporaryKubeFolder({
    'a.yaml':
      '{apiVersion: v1, kind: Namespace, metadata: {name: acme}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: x}}',
  })
  await vi.waitFor(
    async () => expect(await folder.read('events.yaml')).toContain('a.yaml: v1 Pod is not served here'),
    patience,
  )
  expect(await folder.read('events.yaml')).not.toContain('Namespace')
})

test('names that would leave the folder are refused', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('../../../etc') })
  await vi.waitFor(
    async () => expect(await folder.read('events.yaml')).toContain('metadata.name must be a DNS name'),
    patience,
  )
  expect((await folder.kube.list(integrations)).items).toEqual([])
})

test('a folder of manifests that is away for a while deletes nothing', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  await rename(folder.manifests, `${folder.manifests}-away`)
  await new Promise((resolve) => setTimeout(resolve, 900))
  expect(await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' })).toBeDefined()
  await rename(`${folder.manifests}-away`, folder.manifests)
  await folder.write('a.yaml', integrationYaml('okta', { displayName: 'Back' }))
  const okta = await folder.until(integrations, 'okta', (object) => specOf(object)['displayName'] === 'Back')
  expect(okta?.metadata.generation).toBe(2)
})

test('a link that leads around in a circle is followed once', async () => {
  await using folder = await temporaryKubeFolder({ 'deep/a.yaml': integrationYaml('okta') })
  await symlink(folder.manifests, join(folder.manifests, 'deep', 'again'))
  await folder.write('deep/b.yaml', integrationYaml('entra'))
  const entra = await folder.until(integrations, 'entra', (object) => object !== undefined)
  expect(entra?.metadata.generation).toBe(1)
})
