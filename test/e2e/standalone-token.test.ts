import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { integrationYaml } from '#test/kit/kube-folder.ts'
import { Product } from '#test/kit/product.ts'

const tokenPattern = /^scimt_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\n$/

const tokenCommand = (
  product: Product,
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const folders = ['--state', product.state, '--manifests', join(product.folder, 'manifests')]
    execFile(
      process.execPath,
      ['src/standalone/token.ts', ...args, ...folders],
      { timeout: 30_000 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })

const isAccepted = async (url: string, token: string): Promise<boolean> =>
  (await fetch(url, { headers: { authorization: `Bearer ${token.trim()}` } })).status === 200

test('K2: a token is revealed, acknowledged for good, and rotated with the old one still at work', async () => {
  const manifest = `# Ours.\n${integrationYaml('okta', { readers: [{ name: 'fleet' }] })}\n`
  await using product = await Product.start({ manifests: { 'okta.yaml': manifest } })
  const { ports, integrations } = await product.ready()
  const users = `${integrations[0]!.baseURL}/Users`

  const revealed = await tokenCommand(product, 'acme/okta')
  expect(revealed).toMatchObject({ code: 0, stdout: expect.stringMatching(tokenPattern) })
  expect(revealed.stderr).toContain('acme/okta --state')
  expect(await isAccepted(users, revealed.stdout)).toBe(true)
  expect((await tokenCommand(product, 'acme/okta')).stdout).toBe(revealed.stdout)

  const reader = await tokenCommand(product, 'acme/okta', '--reader', 'fleet')
  expect(reader.stdout).toMatch(tokenPattern)
  expect(await isAccepted(`http://127.0.0.1:${ports.directory}/v1/users`, reader.stdout)).toBe(true)
  expect(await isAccepted(users, reader.stdout)).toBe(false)

  expect(await tokenCommand(product, 'acme/okta', '--acknowledge')).toEqual({
    code: 0,
    stdout: '',
    stderr: 'The token of acme/okta is acknowledged; its Secret is deleted.\n',
  })
  const gone = await tokenCommand(product, 'acme/okta')
  expect(gone).toMatchObject({ code: 1, stdout: '' })
  expect(gone.stderr).toMatch(/^The token of acme\/okta was taken .* --rotate\n$/)
  expect(await isAccepted(users, revealed.stdout)).toBe(true)

  expect((await tokenCommand(product, 'acme/okta', '--rotate')).stderr).toContain(
    'A new token of acme/okta is issued',
  )
  const text = await readFile(join(product.folder, 'manifests', 'okta.yaml'), 'utf8')
  expect(text).toMatch(/^# Ours\.\n/)
  expect(text).toContain('requestID')
  const second = await tokenCommand(product, 'acme/okta')
  expect(second.stdout).toMatch(tokenPattern)
  expect(second.stdout).not.toBe(revealed.stdout)
  expect(await isAccepted(users, second.stdout)).toBe(true)
  expect(await isAccepted(users, revealed.stdout)).toBe(true)

  expect(await tokenCommand(product, 'acme/nobody')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no integration acme/nobody'),
  })
  expect((await tokenCommand(product, 'acme/okta', '--reader', 'nobody')).stderr).toContain(
    'has no reader nobody',
  )
  expect((await tokenCommand(product)).stderr).toMatch(/^Name one integration as NAMESPACE\/NAME\./)
})
