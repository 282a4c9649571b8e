/** A virtual environment with pinned packages, made once and kept for later runs. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Something that the person at the keyboard has to install. */
export class MissingPythonError extends Error {}

/** Oldest Python that the pinned packages run on. */
const oldest = '3.11'
const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11']
const hint = 'On Debian: apt-get install python3 python3-venv.'

export interface EnvironmentOptions {
  /** A requirements.txt; a changed one makes a new environment. */
  readonly requirements: string
  /** Folder that holds the environments. */
  readonly cache: string
  readonly signal: AbortSignal
}

/** Returns the folder of the environment's programs. The first run downloads the packages with pip. */
export const pythonEnvironment = async ({
  requirements,
  cache,
  signal,
}: EnvironmentOptions): Promise<string> => {
  const python = await findPython(signal)
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .update(`${python.path} ${python.version}`)
    .digest('hex')
    .slice(0, 12)
  const folder = join(cache, `conformance-${key}`)
  const programs = join(folder, 'bin')
  const marker = join(folder, 'complete')
  if (await exists(marker)) return programs
  // What an interrupted run left behind.
  await rm(folder, { recursive: true, force: true })
  await mkdir(cache, { recursive: true })
  try {
    await run(python.path, ['-m', 'venv', folder], { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new MissingPythonError(`${python.path} cannot make a virtual environment. ${hint}`, {
      cause: error,
    })
  }
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    requirements,
  ]
  await run(join(programs, 'python'), pip, { signal })
  await writeFile(marker, '')
  return programs
}

const findPython = async (
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly version: string }> => {
  const script = 'import sys; print(sys.executable); print("%d.%d" % sys.version_info[:2])'
  for (const candidate of candidates) {
    try {
      const { stdout } = await run(candidate, ['-c', script], { signal })
      const [path = '', version = ''] = stdout.trim().split('\n')
      if (minor(version) >= minor(oldest)) return { path, version }
    } catch {
      signal.throwIfAborted()
    }
  }
  throw new MissingPythonError(`the suite needs Python ${oldest} or newer. ${hint}`)
}

const minor = (version: string): number => Number(version.replace(/^3\./, ''))

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
