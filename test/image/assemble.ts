/**
 * Follows the Dockerfile's own steps without a container engine: every stage becomes a folder, COPY copies into it,
 * RUN runs on this machine in it. Only the base image is another, see base.ts.
 */

import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { basePath, makeBase } from './base.ts'
import { type Instruction, readDockerfile } from './dockerfile.ts'
import { readIgnoreFile } from './ignore.ts'

/** The `config` of an image (OCI image specification, config.md), as far as the Dockerfile sets it. */
export interface ImageConfig {
  readonly User?: string
  readonly WorkingDir: string
  readonly Env: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Labels?: Readonly<Record<string, string>>
  readonly ExposedPorts?: Readonly<Record<string, object>>
}

export interface Image {
  /** Folder with the whole file system of the last stage. */
  readonly root: string
  readonly config: ImageConfig
  /** Images that the Dockerfile begins from. */
  readonly bases: readonly string[]
}

interface Stage {
  readonly root: string
  config: ImageConfig
}

/** @param folder an empty one; its stages are left there */
export async function assemble(context: string, folder: string): Promise<Image> {
  const text = await readFile(path.join(context, 'Dockerfile'), 'utf8')
  const isIgnored = readIgnoreFile(await readFile(path.join(context, '.dockerignore'), 'utf8'))
  const stages: Stage[] = []
  const named = new Map<string, Stage>()
  const bases: string[] = []
  for (const instruction of readDockerfile(text)) {
    if (instruction.keyword === 'FROM') {
      const root = path.join(folder, `stage-${stages.length}`)
      await mkdir(root)
      const stage: Stage = { root, config: { WorkingDir: '/', Env: [`PATH=${basePath}`] } }
      stages.push(stage)
      bases.push(instruction.image)
      if (instruction.stage !== undefined) named.set(instruction.stage, stage)
    } else {
      const stage = stages.at(-1)
      if (stage === undefined) throw new Error('The Dockerfile does not begin with FROM')
      await perform(instruction, stage, { context, isIgnored, named })
    }
  }
  const last = stages.at(-1)
  if (last === undefined) throw new Error('The Dockerfile has no stage')
  // Commands run on this machine, so only what is left in the end needs the files of its base.
  await makeBase(last.root)
  return { ...last, bases }
}

interface Sources {
  readonly context: string
  readonly isIgnored: (path: string) => boolean
  readonly named: ReadonlyMap<string, Stage>
}

async function perform(
  instruction: Exclude<Instruction, { keyword: 'FROM' }>,
  stage: Stage,
  sources: Sources,
): Promise<void> {
  const { config } = stage
  switch (instruction.keyword) {
    case 'COPY':
      return copy(instruction, stage, sources)
    case 'RUN':
      return run(instruction.command, path.join(stage.root, config.WorkingDir))
    case 'WORKDIR':
      await mkdir(path.join(stage.root, instruction.folder), { recursive: true })
      stage.config = { ...config, WorkingDir: instruction.folder }
      return
    case 'ENV': {
      const added = Object.entries(instruction.values).map(([name, value]) => `${name}=${value}`)
      stage.config = { ...config, Env: [...config.Env, ...added] }
      return
    }
    case 'LABEL':
      stage.config = { ...config, Labels: { ...config.Labels, ...instruction.values } }
      return
    case 'USER':
      stage.config = { ...config, User: instruction.user }
      return
    case 'EXPOSE':
      stage.config = {
        ...config,
        ExposedPorts: Object.fromEntries(instruction.ports.map((port) => [`${port}/tcp`, {}])),
      }
      return
    case 'ENTRYPOINT':
      stage.config = { ...config, Entrypoint: instruction.command }
      return
    case 'CMD':
      stage.config = { ...config, Cmd: instruction.command }
  }
}

/** A folder's content goes into the target; a file goes under its name into a target that ends in a slash. */
async function copy(
  { from, sources, target }: Extract<Instruction, { keyword: 'COPY' }>,
  stage: Stage,
  { context, isIgnored, named }: Sources,
): Promise<void> {
  const origin = from === undefined ? context : named.get(from)?.root
  if (origin === undefined) throw new Error(`The Dockerfile copies from a stage that is none: ${from}`)
  const isLeftOut = (file: string) => from === undefined && isIgnored(path.relative(origin, file))
  const to = path.join(stage.root, path.resolve(stage.config.WorkingDir, target))
  for (const source of sources) {
    const file = path.join(origin, source)
    if (isLeftOut(file)) throw new Error(`.dockerignore leaves out ${source}, which the Dockerfile copies`)
    const isFolder = (await stat(file)).isDirectory()
    await cp(file, isFolder || !target.endsWith('/') ? to : path.join(to, path.basename(file)), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !isLeftOut(path),
    })
  }
}

/** With the npm of this machine; its cache spares the network what it has. */
async function run(command: string, cwd: string): Promise<void> {
  // What an `npm run` around us has set is about our package; where packages come from is about the machine.
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('npm_') || /^npm_config_(registry|cache)$/.test(name),
  )
  const env = { ...Object.fromEntries(kept), npm_config_prefer_offline: 'true' }
  await promisify(execFile)('/bin/sh', ['-c', command], { cwd, env })
}

/** Every file, folder and link under the folder, relative to it. */
export async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
}
