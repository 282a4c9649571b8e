/** How a machine gets the API server of the tests: the ways in their order, and what is said where none is open. */

import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { downloadAssets } from '#test/kube/assets-download.ts'

const run = promisify(execFile)

async function temporaryFolder(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-test-assets-'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`

interface Mirror extends AsyncDisposable {
  readonly index: string
}

/** Serves an index of releases and for each an archive whose programs print the release. `tell` makes the checksum. */
async function mirror(
  releases: readonly string[],
  tell: (archive: Buffer) => string = (archive) => createHash('sha512').update(archive).digest('hex'),
): Promise<Mirror> {
  await using stack = new AsyncDisposableStack()
  const { folder } = stack.use(await temporaryFolder())
  const files = new Map<string, string | Buffer>()
  const server = createServer(({ url = '' }, response) => {
    const file = files.get(url)
    response.writeHead(file === undefined ? 404 : 200).end(file)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The mirror has no port')
  const origin = `http://127.0.0.1:${String(address.port)}`
  const lines = ['releases:']
  for (const release of releases) {
    const programs = path.join(folder, release, 'controller-tools/envtest')
    await mkdir(programs, { recursive: true })
    for (const name of ['etcd', 'kube-apiserver', 'kubectl'])
      await writeFile(path.join(programs, name), `#!/bin/sh\necho ${release}\n`, { mode: 0o755 })
    const name = `envtest-${release}-${platform}.tar.gz`
    const file = path.join(folder, name)
    await run('tar', ['-czf', file, '-C', path.join(folder, release), 'controller-tools'])
    const archive = await readFile(file)
    files.set(`/${name}`, archive)
    lines.push(`  ${release}:`, `    ${name}:`, `      hash: ${tell(archive)}`)
    lines.push(`      selfLink: ${origin}/${name}`)
  }
  files.set('/index.yaml', lines.join('\n'))
  const owned = stack.move()
  return { index: `${origin}/index.yaml`, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** An index where nobody answers: the port was free a moment ago. */
async function nobody(): Promise<string> {
  await using gone = await mirror([])
  return gone.index
}

test('the newest archive of the minor release is unpacked', async () => {
  await using source = await mirror(['v1.34.9', 'v1.35.2', 'v1.35.10', 'v1.36.0'])
  await using target = await temporaryFolder()
  await downloadAssets(target.folder, { index: source.index, version: 'v1.35.4' })
  expect((await readdir(target.folder)).toSorted()).toEqual(['etcd', 'kube-apiserver', 'kubectl'])
  expect((await run(path.join(target.folder, 'kube-apiserver'))).stdout).toBe('v1.35.10\n')
})

test('an archive that is not what the index says is not unpacked', async () => {
  await using source = await mirror(['v1.35.0'], () => 'f'.repeat(128))
  await using target = await temporaryFolder()
  await expect(downloadAssets(target.folder, { index: source.index, version: 'v1.35.4' })).rejects.toThrow(
    `envtest-v1.35.0-${platform}.tar.gz does not have the checksum that the index names`,
  )
  expect(await readdir(target.folder)).toEqual([])
})

test('an index without a checksum is not believed', async () => {
  await using source = await mirror(['v1.35.0'], () => 'none')
  await using target = await temporaryFolder()
  await expect(downloadAssets(target.folder, { index: source.index, version: 'v1.35.4' })).rejects.toThrow(
    'is no list of envtest releases',
  )
})

test('a release that nobody published is named', async () => {
  await using source = await mirror(['v1.34.0'])
  await using target = await temporaryFolder()
  await expect(downloadAssets(target.folder, { index: source.index, version: 'v1.35.4' })).rejects.toThrow(
    `there is no envtest archive of v1.35 for ${process.platform} on ${process.arch}`,
  )
})

const script = path.join(import.meta.dirname, '../kube/prepare.ts')

/** `npm run test:kube` before its tests, on a machine with nothing but this. Returns its words and exit code. */
async function prepare(environment: Readonly<Record<string, string>>): Promise<readonly [number, string]> {
  const exited = run(process.execPath, [script], { env: environment })
  return exited.then(
    ({ stderr }) => [0, stderr] as const,
    (error: unknown) => {
      const { code, stderr } = Object(error)
      return [Number(code), String(stderr)] as const
    },
  )
}

test('what was downloaded once comes from the cache after that', async () => {
  await using cache = await temporaryFolder()
  const machine = { XDG_CACHE_HOME: cache.folder, PATH: process.env['PATH'] ?? '' }
  {
    await using source = await mirror(['v1.35.0'])
    const [code, said] = await prepare({ ...machine, ENVTEST_INDEX: source.index })
    expect([code, said]).toEqual([0, expect.stringContaining('(from the envtest archive)')])
  }
  const again = await prepare({ ...machine, ENVTEST_INDEX: await nobody() })
  expect(again).toEqual([0, expect.stringContaining('(from the cache)')])
})

test('the folder of KUBEBUILDER_ASSETS wins, and is refused by name if a program is missing', async () => {
  await using given = await temporaryFolder()
  const machine = { KUBEBUILDER_ASSETS: given.folder, HOME: given.folder, PATH: '' }
  await writeFile(path.join(given.folder, 'etcd'), '', { mode: 0o755 })
  expect(await prepare(machine)).toEqual([
    1,
    `KUBEBUILDER_ASSETS is ${given.folder}, where there is no program kube-apiserver.\n`,
  ])
  await writeFile(path.join(given.folder, 'kube-apiserver'), '', { mode: 0o755 })
  expect(await prepare(machine)).toEqual([0, expect.stringContaining('(from KUBEBUILDER_ASSETS)')])
})

test('where no way is open, one sentence says which were tried', async () => {
  await using cache = await temporaryFolder()
  const index = await nobody()
  const machine = { XDG_CACHE_HOME: cache.folder, ENVTEST_INDEX: index, PATH: '' }
  const [code, said] = await prepare(machine)
  expect(code).toBe(1)
  expect(said.trimEnd().split('\n').at(-1)).toBe(
    `There is no API server for tests: KUBEBUILDER_ASSETS is not set, none is cached, ${new URL(index).host} cannot be reached, and Go 1.25 or newer to build one is not in the PATH.`,
  )
  expect(await readdir(path.join(cache.folder, 'scim-operator-tests'))).toEqual([])
})

test('a build that is ended in the middle ends Go, and leaves nothing in the cache', async () => {
  await using machine = await temporaryFolder()
  const pidFile = path.join(machine.folder, 'pid')
  const go = `#!/bin/sh
case $1 in
env) echo go1.25.0 ;;
build) echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 600 ;;
esac
`
  await writeFile(path.join(machine.folder, 'go'), go, { mode: 0o755 })
  const child = spawn(process.execPath, [script], {
    env: {
      XDG_CACHE_HOME: path.join(machine.folder, 'cache'),
      ENVTEST_INDEX: await nobody(),
      PATH: `${machine.folder}:${process.env['PATH'] ?? ''}`,
    },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const pid = Number(await vi.waitFor(() => readFile(pidFile, 'utf8'), { timeout: 30_000 }))
  child.kill('SIGTERM')
  expect(await exited).toEqual([1, null])
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(await readdir(path.join(machine.folder, 'cache', 'scim-operator-tests'))).toEqual([])
})

test('a Go that is too old is named, and not asked to build', async () => {
  await using machine = await temporaryFolder()
  await writeFile(path.join(machine.folder, 'go'), '#!/bin/sh\necho go1.19.8\n', { mode: 0o755 })
  const index = await nobody()
  const [code, said] = await prepare({
    XDG_CACHE_HOME: path.join(machine.folder, 'cache'),
    ENVTEST_INDEX: index,
    PATH: machine.folder,
  })
  expect([code, said]).toEqual([
    1,
    expect.stringContaining('Go 1.25 or newer is needed to build one, not Go 1.19.8.'),
  ])
})
