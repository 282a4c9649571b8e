import { expect, test, vi } from 'vitest'

import {
  childSecret,
  integrationYaml,
  integrations,
  secrets,
  temporaryKubeFolder,
} from '#test/kit/kube-folder.ts'

import type { Kube, KubeKind, ListOptions } from '#operator/kube.ts'

const patience = { timeout: 30_000 }
const ours = { fieldManager: 'scim-operator', force: true }

/** What a watch saw, as `TYPE name`. */
const watching = (
  kube: Kube,
  kind: KubeKind,
  options: ListOptions & { readonly resourceVersion: string },
) => {
  const stop = new AbortController()
  const seen: string[] = []
  const run = async (): Promise<void> => {
    for await (const event of kube.watch(kind, { ...options, signal: stop.signal }))
      if (event.type !== 'BOOKMARK') seen.push(`${event.type} ${event.object.metadata.name}`)
  }
  const running = run()
  return {
    seen,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

test('a watch tells what came after the list, and ends with its signal', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const { resourceVersion } = await folder.kube.list(integrations)
  await folder.kube.create(JSON.parse(integrationYaml('entra')))
  await using watch = watching(folder.kube, integrations, { resourceVersion })
  await folder.kube.applyStatus({ ...JSON.parse(integrationYaml('entra')), status: { tenantID: 't' } }, ours)
  await folder.kube.delete(integrations, { namespace: 'acme', name: 'entra' })
  await vi.waitFor(
    () => expect(watch.seen).toEqual(['ADDED entra', 'MODIFIED entra', 'DELETED entra']),
    patience,
  )
})

test('an object that loses the label is deleted in the eyes of a watch for the label', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const owner = (await folder.kube.get(integrations, { namespace: 'acme', name: 'okta' }))!
  const { resourceVersion } = await folder.kube.list(secrets)
  await using watch = watching(folder.kube, secrets, {
    resourceVersion,
    labels: { 'scim-operator.io/managed': 'true' },
  })
  const secret = childSecret(owner, 'hash', {})
  await folder.kube.apply(secret, ours)
  const { labels: _labels, ...metadata } = secret.metadata
  await folder.kube.apply({ ...secret, metadata }, ours)
  await vi.waitFor(() => expect(watch.seen).toEqual(['ADDED hash', 'DELETED hash']), patience)
})

test('a version from before the start, or one that never was, is expired: the caller lists again', async () => {
  await using folder = await temporaryKubeFolder({ 'a.yaml': integrationYaml('okta') })
  const { resourceVersion } = await folder.kube.list(integrations)
  await folder.restart()
  for (const version of [resourceVersion, '1000000000', 'x']) {
    const watch = folder.kube.watch(integrations, { resourceVersion: version })[Symbol.asyncIterator]()
    await expect(watch.next()).rejects.toMatchObject({ code: 410, reason: 'Expired' })
  }
})
