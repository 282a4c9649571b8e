import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'
import { z } from 'zod'

import { acknowledge, Product, tokenIn } from '#test/kit/product.ts'
import { integrationYaml } from '#test/kit/kube-folder.ts'

const scimUser = 'urn:ietf:params:scim:schemas:core:2.0:User'

const send = async (method: string, url: string, token: string, body?: unknown) => {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: z.record(z.string(), z.unknown()).parse(await response.json()) }
}

const get = async (port: number, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, text: await response.text() }
}

/** The ids of the process that holds the folder and of its Postgres. */
const processesOf = async (state: string): Promise<readonly number[]> => {
  const lock: { pid: number } = JSON.parse(await readFile(join(state, 'lock'), 'utf8'))
  const postmaster = await readFile(join(state, 'postgres', 'data', 'postmaster.pid'), 'utf8')
  return [lock.pid, Number(postmaster.split('\n')[0])]
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a second start finds all data under the same token, and a stop leaves no process behind', async () => {
  await using product = await Product.start({ manifests: { 'okta.yaml': integrationYaml('okta') } })
  const first = await product.ready()
  const [okta] = first.integrations
  expect(okta).toMatchObject({ namespace: 'acme', name: 'okta', readers: [] })
  expect(okta!.baseURL).toBe(`http://127.0.0.1:${first.ports.scim}/t/${okta!.tenantID}/scim/v2`)
  expect((await stat(join(product.state, 'ready.json'))).mode & 0o777).toBe(0o600)
  const token = await tokenIn(okta!.deliverySecret)
  const created = await send('POST', `${okta!.baseURL}/Users`, token, {
    schemas: [scimUser],
    userName: 'ann@acme.example',
  })
  expect(created.status).toBe(201)

  expect(await get(first.ports.ops, '/livez')).toEqual({ status: 200, text: 'ok\n' })
  expect(await get(first.ports.ops, '/readyz')).toEqual({ status: 200, text: 'ok\n' })
  const { text: metrics } = await get(first.ports.ops, '/metrics')
  expect(metrics).toContain(
    `scim_requests_total{tenant="${okta!.tenantID}",type="User",method="POST",code="201"} 1`,
  )
  expect(metrics).toMatch(/^controller_runtime_reconcile_total\{.*result="requeue_after".*\} [1-9]/m)
  expect(metrics).toContain('scim_token_expiration_timestamp_seconds{namespace="acme",name="okta"')

  await acknowledge(okta!.deliverySecret!)
  await product.ready(({ integrations }) => integrations[0]?.deliverySecret === null)

  const processes = await processesOf(product.state)
  expect(processes.map(isAlive)).toEqual([true, true])
  expect(await product.stop()).toBe(0)
  await expect(stat(join(product.state, 'ready.json'))).rejects.toThrow('ENOENT')
  expect(processes.map(isAlive)).toEqual([false, false])

  product.launch()
  const second = await product.ready()
  const [again] = second.integrations
  expect(again).toMatchObject({ tenantID: okta!.tenantID, deliverySecret: null })
  const found = await send('GET', `${again!.baseURL}/Users/${String(created.body['id'])}`, token)
  expect(found).toMatchObject({ status: 200, body: { userName: 'ann@acme.example' } })
  expect(await product.stop()).toBe(0)
})

test('an edit is in force without a restart; a broken one says which field and why, and changes nothing else', async () => {
  await using product = await Product.start({
    manifests: { 'okta.yaml': integrationYaml('okta'), 'entra.yaml': integrationYaml('entra') },
  })
  const ready = await product.ready()
  const [entra, okta] = ready.integrations
  const token = await tokenIn(okta!.deliverySecret)
  const users = () => send('GET', `${okta!.baseURL}/Users`, token)
  expect((await users()).status).toBe(200)

  await product.writeManifest('okta.yaml', integrationYaml('okta', { endpoint: { path: '/api/v1/scim' } }))
  const moved = await product.ready(({ integrations }) => integrations[1]!.baseURL.endsWith('/api/v1/scim'))
  await product.until('the new path answers', async () => {
    const { status } = await send('GET', `${moved.integrations[1]!.baseURL}/Users`, token)
    return status === 200 ? true : undefined
  })

  await product.writeManifest('okta.yaml', integrationYaml('okta', { limits: { burst: 'many' } }))
  const state = join(product.state, 'kubernetes', 'acme', 'scimintegrations', 'okta.yaml')
  const text = await product.until('the condition is there', async () => {
    const found = await readFile(state, 'utf8')
    return found.includes('ManifestAccepted') ? found : undefined
  })
  expect(text).toContain('okta.yaml: spec.limits.burst: must be a whole number, not "many"')
  expect((await product.ready()).integrations).toEqual(moved.integrations)
  expect((await send('GET', `${moved.integrations[1]!.baseURL}/Users`, token)).status).toBe(200)
  expect((await send('GET', `${entra!.baseURL}/Users`, await tokenIn(entra!.deliverySecret))).status).toBe(
    200,
  )
  expect(product.output).toContain('spec.limits.burst')
})

test('two instances run side by side, and what was killed hard comes back with its data', async () => {
  await using first = await Product.start({ manifests: { 'okta.yaml': integrationYaml('okta') } })
  await using second = await Product.start({ manifests: { 'okta.yaml': integrationYaml('okta') } })
  const [one, two] = [await first.ready(), await second.ready()]
  const [a, b] = [one.integrations[0]!, two.integrations[0]!]
  expect(a.tenantID).not.toBe(b.tenantID)
  const [tokenA, tokenB] = [await tokenIn(a.deliverySecret), await tokenIn(b.deliverySecret)]
  expect((await send('GET', `${a.baseURL}/Users`, tokenA)).status).toBe(200)
  expect((await send('GET', `${a.baseURL}/Users`, tokenB)).status).toBe(401)
  expect((await send('GET', `${b.baseURL}/Users`, tokenB)).status).toBe(200)

  // The lock and ready.json of a process that is gone, and its Postgres that is still there.
  const [pid] = await processesOf(first.state)
  process.kill(pid!, 'SIGKILL')
  await first.stop()
  await writeFile(
    join(first.state, 'ready.json'),
    '{"ports":{"scim":1,"directory":1,"ops":1},"integrations":[]}',
  )
  first.launch()
  const back = await first.ready(({ integrations }) => integrations.length === 1)
  expect((await send('GET', `${back.integrations[0]!.baseURL}/Users`, tokenA)).status).toBe(200)
})
