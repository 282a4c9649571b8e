import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test, vi } from 'vitest'

import {
  childSecret,
  integrationYaml,
  integrations,
  secrets,
  specOf,
  temporaryKubeFolder,
} from '#test/kit/kube-folder.ts'

import type { TemporaryFolder } from '#test/kit/kube-folder.ts'

const path = 'acme/secrets/delivery.yaml'
const key = { namespace: 'acme', name: 'delivery' }

const withDelivery = async (): Promise<TemporaryFolder> => {
  const folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const owner = (await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' }))!
  const secret = { ...childSecret(owner, 'delivery', { token: 'YQ==' }), immutable: true }
  await folder.kube.apply(secret, { fieldManager: 'scim-operator', force: true })
  return folder
}

test('an annotation written into the file of a Secret is observed as a change', async () => {
  await using folder = await withDelivery()
  const before = (await folder.kube.get(secrets, key))!
  await folder.edit(path, (text) =>
    text.replace('metadata:\n', 'metadata:\n  annotations: {acknowledged: abc}\n'),
  )
  await folder.until(
    secrets,
    'delivery',
    (secret) => secret?.metadata.annotations?.['acknowledged'] === 'abc',
  )
  const after = (await folder.kube.get(secrets, key))!
  expect(after.metadata.uid).toBe(before.metadata.uid)
  expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion))
  expect(after['data']).toEqual({ token: 'YQ==' })
})

test('a deleted file deletes its object', async () => {
  await using folder = await withDelivery()
  await rm(join(folder.state, path))
  expect(await folder.until(secrets, 'delivery', (secret) => secret === undefined)).toBeUndefined()
})

test('the deleted state file of a declared object is written again: the manifest is the place to delete it', async () => {
  await using folder = await withDelivery()
  const file = 'acme/scimintegrations/okta.yaml'
  const text = await folder.read(file)
  await rm(join(folder.state, file))
  await vi.waitFor(async () => expect(await folder.read(file)).toBe(text), { timeout: 30_000 })
})

test('an edit that an API server would refuse is put back', async () => {
  await using folder = await withDelivery()
  const text = await folder.read(path)
  await folder.edit(path, (found) => found.replace('YQ==', 'Yg=='))
  await vi.waitFor(async () => expect(await folder.read(path)).toBe(text), { timeout: 30_000 })
  expect((await folder.kube.get(secrets, key))!['data']).toEqual({ token: 'YQ==' })
})

test('a file that is no YAML for now changes nothing and is left to whoever writes it', async () => {
  await using folder = await withDelivery()
  await folder.edit(path, () => 'metadata: [')
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(await folder.read(path)).toBe('metadata: [')
  expect((await folder.kube.get(secrets, key))!['data']).toEqual({ token: 'YQ==' })
})

test('what a person says of a declared object against its manifest gives way to the manifest', async () => {
  await using folder = await withDelivery()
  await folder.edit('acme/scimintegrations/okta.yaml', (text) =>
    text
      .replace('displayName: okta', 'displayName: other')
      .replace('metadata:\n', 'metadata:\n  annotations: {a: b}\n'),
  )
  await folder.until(integrations, 'okta', (found) => found?.metadata.annotations?.['a'] === 'b')
  const okta = await folder.until(integrations, 'okta', (found) => specOf(found)['displayName'] === 'okta')
  expect(okta?.metadata.annotations).toEqual({ a: 'b' })
})

test('an edit that a write overtakes is not lost', async () => {
  await using folder = await withDelivery()
  const secret = (await folder.kube.get(secrets, key))!
  await folder.edit(path, (text) =>
    text.replace('metadata:\n', 'metadata:\n  annotations: {acknowledged: abc}\n'),
  )
  await folder.kube.setFinalizers(secret, secrets, ['x/y'])
  const { metadata } = (await folder.until(
    secrets,
    'delivery',
    (found) => found?.metadata.annotations?.['acknowledged'] === 'abc',
  ))!
  expect(metadata.finalizers).toEqual(['x/y'])
})

test('a file put back from a backup is an object again', async () => {
  await using folder = await withDelivery()
  const text = await folder.read(path)
  await folder.kube.delete(secrets, key)
  await expect(readFile(join(folder.state, path))).rejects.toThrow('ENOENT')
  await writeFile(join(folder.state, path), text)
  const secret = await folder.until(secrets, 'delivery', (found) => found !== undefined)
  expect(secret?.['data']).toEqual({ token: 'YQ==' })
})

test('an edit made while nothing ran is there at the next start', async () => {
  await using folder = await withDelivery()
  await folder.kube[Symbol.asyncDispose]()
  await folder.edit(path, (text) =>
    text.replace('metadata:\n', 'metadata:\n  annotations: {acknowledged: abc}\n'),
  )
  await folder.restart()
  expect((await folder.kube.get(secrets, key))!.metadata.annotations).toEqual({ acknowledged: 'abc' })
})

test('a state file that cannot be read at the start is named, rather than its object made anew', async () => {
  await using folder = await withDelivery()
  await folder.kube[Symbol.asyncDispose]()
  const file = 'acme/scimintegrations/okta.yaml'
  const text = await folder.read(file)
  await folder.edit(file, () => 'metadata: [')
  await expect(folder.restart()).rejects.toThrow(`${file} is not valid YAML`)
  await folder.edit(file, () => text)
  await folder.restart()
})
