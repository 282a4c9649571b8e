import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { openAccess } from '#operator/cluster/credentials.ts'

async function aKubeConfig({ cluster = {}, user = {} }: { cluster?: object; user?: object }) {
  const folder = await mkdtemp(join(tmpdir(), 'scim-test-kubeconfig-'))
  const path = join(folder, 'config')
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  await writeFile(path, JSON.stringify(config))
  return { folder, path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

const inline = (text: string) => Buffer.from(text).toString('base64')

test('a kubeconfig says where the API server is, who we are and whom to trust', async () => {
  await using config = await aKubeConfig({
    cluster: { 'certificate-authority': 'ca.crt', 'tls-server-name': 'kubernetes' },
    user: { token: 'mine' },
  })
  await writeFile(join(config.folder, 'ca.crt'), 'first')
  const access = openAccess(config.path)
  expect(access.server).toBe('https://api.example:6443')
  expect(await access.credentials()).toEqual({
    headers: { Authorization: 'Bearer mine' },
    tls: { ca: 'first', servername: 'kubernetes' },
  })
  await writeFile(join(config.folder, 'ca.crt'), 'second')
  expect((await access.credentials()).tls.ca).toBe('second')
})

test('a client certificate and a password are taken as they are given', async () => {
  await using config = await aKubeConfig({
    user: {
      'client-certificate-data': inline('cert'),
      'client-key-data': inline('key'),
      username: 'me',
      password: 'pass',
    },
  })
  expect(await openAccess(config.path).credentials()).toEqual({
    headers: { Authorization: `Basic ${inline('me:pass')}` },
    tls: { cert: 'cert', key: 'key' },
  })
})

test('a mistake in how the cluster is reached is one sentence', async () => {
  expect(() => openAccess('/nowhere/config')).toThrow(
    "The kubeconfig /nowhere/config cannot be read: ENOENT: no such file or directory, open '/nowhere/config'.",
  )
  await using proxied = await aKubeConfig({ cluster: { 'proxy-url': 'http://proxy:1' } })
  expect(() => openAccess(proxied.path)).toThrow('asks for a proxy (proxy-url), which is not supported')
  await using crooked = await aKubeConfig({ cluster: { server: 'api.example' } })
  expect(() => openAccess(crooked.path)).toThrow('is no URL: api.example')
  // This test runs in no pod.
  expect(() => openAccess(undefined)).toThrow('KUBECONFIG is missing')
})
