/** In place of the base image: the folder of a system that has Node and the libraries it is linked with, no more. */

import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/** The folder of Node in the official image, which is in its PATH. */
export const nodeFolder = '/usr/local/bin'
export const basePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Node of this process, so that tests run the version that package.json pins. */
export async function makeBase(root: string): Promise<void> {
  await put(process.execPath, path.join(root, nodeFolder, 'node'))
  for (const library of await librariesOf(process.execPath)) await put(library, path.join(root, library))
  // Where the chart mounts a folder of its own.
  await mkdir(path.join(root, 'tmp'))
  await chmod(path.join(root, 'tmp'), 0o1777)
}

/** What the dynamic loader would load: `libm.so.6 => /lib/…/libm.so.6 (0x…)` and the loader itself. */
async function librariesOf(binary: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [binary])
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, library = '']) => library)
}

async function put(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true })
  await copyFile(from, to)
}
