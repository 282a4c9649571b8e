/**
 * docs/install.md, done as it says on an API server and a Postgres that are new: its own SQL, values and commands. There
 * is no kubelet and no gateway, so the test starts what the Deployments say and answers for the route.
 */

import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { startEmbeddedPostgres } from '#standalone/embedded-postgres.ts'
import { Child } from '#test/kit/child-process.ts'
import { asAdmin } from '#test/kit/test-server.ts'
import { type ApiServer, kubeconfigText, startApiServer } from './api-server.ts'
import { type Component, Rendered, deploymentOf, environmentOf } from './chart.ts'
import { installDefinitions } from './definitions.ts'
import { runKubectl } from './kubectl.ts'
import { tool } from './tools.ts'

const project = path.join(import.meta.dirname, '../..')
const patience = { timeout: 90_000, interval: 200 }

/** The code blocks of a language below a heading (`## 5. …`), in order. */
function blocks(guide: string, heading: string, language: string): string[] {
  const section = guide.split(/^(?=## )/m).find((text) => text.startsWith(`## ${heading}`))
  if (section === undefined) throw new Error(`docs/install.md has no section ${heading}`)
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, text = '']) =>
    of === language ? [text] : [],
  )
}

test('the installation guide leads to a tenant that an identity provider can use, and away again', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-install-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const postgresFolder = await mkdtemp(path.join(tmpdir(), 'scim-install-postgres-'))
  stack.defer(() => rm(postgresFolder, { recursive: true, force: true }))
  const postgres = stack.use(
    await startEmbeddedPostgres(postgresFolder, new AbortController().signal, { fsync: 'off' }),
  )
  const cluster = stack.use(await startApiServer())
  await installDefinitions(cluster.kubeconfig, [path.join(import.meta.dirname, 'gateway-api')])
  await symlink(path.join(project, 'charts'), path.join(folder, 'charts'))
  const guide = await readFile(path.join(project, 'docs/install.md'), 'utf8')
  const shell = await shellIn(folder, cluster)

  // The embedded server has an owner and a database of the names in the guide, which are free to choose.
  const { host } = new URL(postgres.superuserUrl)
  const ofThisTest = (text: string) =>
    text
      .replaceAll('scim_owner', 'guide_owner')
      .replace('create database scim', 'create database guide')
      .replaceAll('postgres.example.com:5432/scim?sslmode=verify-full', `${host}/guide`)
  const [roles = ''] = blocks(guide, '2. The database', 'sql')
  for (const statement of ofThisTest(roles).split(';').slice(0, -1))
    await asAdmin(postgres.superuserUrl, statement)
  for (const heading of ['2. The database', '3. The pepper'])
    for (const script of blocks(guide, heading, 'sh')) await shell(ofThisTest(script))
  const [gateway = ''] = blocks(guide, '4. The way in', 'yaml')
  await runKubectl(['apply', '-f', '-'], { ...cluster, input: gateway })
  const [values = ''] = blocks(guide, '5. The release', 'yaml')
  await writeFile(path.join(folder, 'values.yaml'), values)
  const [install = ''] = blocks(guide, '5. The release', 'sh')
  expect(await shell(install)).toContain('https://<tenantID>.scim.example.com/scim/v2')

  const processes = await startPods(cluster, folder, stack)
  const [apply = '', handOver = ''] = blocks(guide, '6. The first tenant', 'sh')
  await Promise.all([shell(apply), acceptRoute(cluster)])
  const [baseURL = '', token = ''] = (await shell(handOver)).split('\n')
  expect(baseURL).toMatch(/^https:\/\/acme-okta-[a-z2-7]{8}\.scim\.example\.com\/scim\/v2$/)
  await vi.waitFor(async () => {
    expect(await kubectl(cluster, 'get', 'secrets', '-n', 'acme', '-o', 'name')).toBe(
      'secret/acme-okta-scim-token\n',
    )
  }, patience)
  const { hostname, pathname } = new URL(`${baseURL}/Users`)
  const origin = `http://127.0.0.1:${await processes.server.port('scimPort', 'ready')}`
  const answer = await request(`${origin}${pathname}`, {
    headers: { host: hostname, authorization: `Bearer ${token}` },
  })
  expect([answer.statusCode, await answer.body.json()]).toEqual([
    200,
    expect.objectContaining({ totalResults: 0 }),
  ])

  for (const script of blocks(guide, '7. Is it well?', 'sh'))
    expect(await shell(script)).toContain('acme-okta')
  const [upgrade = ''] = blocks(guide, 'Upgrading', 'sh')
  expect(await shell(upgrade)).toContain('REVISION: 2')
  const [remove = ''] = blocks(guide, 'Removing it', 'sh')
  expect(await shell(remove)).toContain('release "scim-operator" uninstalled')
  const left = await kubectl(
    cluster,
    'get',
    'deployments,services,secrets',
    '-n',
    'scim-system',
    '-o',
    'name',
  )
  expect(left.trim().split('\n').toSorted()).toEqual([
    'secret/scim-operator-database',
    'secret/scim-operator-pepper',
  ])
  expect(await kubectl(cluster, 'get', 'crds', '-o', 'name')).toContain('scimintegrations.scim-operator.io')
  for (const process of Object.values(processes)) expect(await process.stop()).toBe(0)
}, 300_000)

/** A shell with kubectl and helm; returns what a script prints, and throws with its complaint where a command fails. */
async function shellIn(
  folder: string,
  { kubeconfig }: ApiServer,
): Promise<(script: string) => Promise<string>> {
  const tools = [path.dirname(await tool('kubectl')), path.dirname(await tool('helm'))]
  const env = {
    PATH: [...tools, process.env['PATH']].join(path.delimiter),
    KUBECONFIG: kubeconfig,
    HOME: folder,
  }
  return async (script) => {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-eu', '-c', script], { cwd: folder, env })
    return stdout
  }
}

function kubectl({ kubeconfig }: ApiServer, ...args: readonly string[]): Promise<string> {
  return runKubectl(args, { kubeconfig })
}

const List = z.object({ items: z.array(Rendered) })
const SecretData = z.object({ data: z.record(z.string(), z.base64()) })

/** One pod of each Deployment, with what its kubelet would give it. */
async function startPods(
  cluster: ApiServer,
  folder: string,
  stack: AsyncDisposableStack,
): Promise<Readonly<Record<Component, Child>>> {
  const read = async (kind: string) =>
    List.parse(JSON.parse(await kubectl(cluster, 'get', kind, '-n', 'scim-system', '-o', 'json'))).items
  const deployments = await read('deployments')
  const secrets = await read('secrets')
  const secret = (name: string): Readonly<Record<string, string>> => {
    const { data } = SecretData.parse(secrets.find(({ metadata }) => metadata.name === name))
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    )
  }
  const pepper = path.join(folder, 'pepper')
  await mkdir(pepper)
  for (const [kid, key] of Object.entries(secret('scim-operator-pepper')))
    await writeFile(path.join(pepper, kid), key)
  const account = deploymentOf(deployments, 'operator').spec.template.spec.serviceAccountName
  const token = (await kubectl(cluster, 'create', 'token', account, '-n', 'scim-system')).trim()
  const kubeconfig = path.join(folder, 'operator.kubeconfig')
  await writeFile(kubeconfig, kubeconfigText({ ...cluster, token }))
  const start = (component: Component, more: Readonly<Record<string, string>>) => {
    const env = environmentOf(deploymentOf(deployments, component), {
      fields: { 'metadata.namespace': 'scim-system', 'metadata.name': `${component}-0` },
      secret: (name, key) => secret(name)[key],
    })
    return stack.use(new Child({ main: `src/${component}/main.ts`, env: { ...env, ...more, OPS_PORT: '0' } }))
  }
  const ports = { SCIM_PORT: '0', DIRECTORY_PORT: '0', DRAIN_SECONDS: '0' }
  const pods = {
    operator: start('operator', { KUBECONFIG: kubeconfig, PEPPER_DIR: pepper }),
    server: start('server', { PEPPER_DIR: pepper, ...ports }),
    worker: start('worker', {}),
  }
  await Promise.all(Object.values(pods).map((pod) => pod.untilReady()))
  return pods
}

/** What a gateway says of a route that it has taken. */
async function acceptRoute(cluster: ApiServer): Promise<void> {
  const Route = z.object({ spec: z.object({ parentRefs: z.tuple([z.unknown()]) }) })
  await vi.waitFor(async () => {
    const text = await kubectl(cluster, 'get', 'httproute', 'acme-okta-scim', '-n', 'acme', '-o', 'json')
    const [parentRef] = Route.parse(JSON.parse(text)).spec.parentRefs
    const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
      type,
      status: 'True',
      reason: type,
      message: '',
      lastTransitionTime: new Date().toISOString(),
    }))
    const parents = [{ parentRef, controllerName: 'example.com/gateway', conditions }]
    const patch = `--patch=${JSON.stringify({ status: { parents } })}`
    const status = ['--subresource=status', '--type=merge', patch]
    await kubectl(cluster, 'patch', 'httproute', 'acme-okta-scim', '-n', 'acme', ...status)
  }, patience)
}
