/** Downloads etcd and kube-apiserver as the project controller-tools publishes them for envtest. */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { z } from 'zod'

/** The list that setup-envtest reads as well: version, archive, SHA-512 and address. */
export const releaseIndex =
  'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml'

const Index = z.object({
  releases: z.record(
    z.string(),
    z.record(z.string(), z.object({ hash: z.string().regex(/^[0-9a-f]{128}$/), selfLink: z.url() })),
  ),
})

interface Archive {
  readonly hash: string
  readonly selfLink: string
}

const indexMs = 20_000
const archiveMs = 600_000

/**
 * Fills `folder` with the programs of the newest archive of the version's minor release. Throws one sentence if it
 * cannot be reached, does not exist for this platform or is not what the index says.
 */
export async function downloadAssets(
  folder: string,
  options: {
    readonly index: string
    readonly version: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<void> {
  const { index, version, signal } = options
  const minor = version.split('.', 2).join('.')
  const { data } = Index.safeParse(parse((await fetched(index, indexMs, signal)).toString()))
  if (data === undefined) throw new Error(`${index} is no list of envtest releases`)
  const archive = newestArchive(data.releases, minor)
  if (archive === undefined)
    throw new Error(`there is no envtest archive of ${minor} for ${process.platform} on ${process.arch}`)
  const bytes = await fetched(archive.selfLink, archiveMs, signal)
  if (createHash('sha512').update(bytes).digest('hex') !== archive.hash)
    throw new Error(`${archive.selfLink} does not have the checksum that the index names`)
  const file = path.join(folder, 'archive.tar.gz')
  await writeFile(file, bytes)
  // Inside, all lies in controller-tools/envtest/.
  await promisify(execFile)('tar', ['-xzf', file, '-C', folder, '--strip-components=2'])
  await rm(file)
  for (const name of ['etcd', 'kube-apiserver']) await access(path.join(folder, name))
}

/** Names end in Go's words for the platform: `envtest-v1.35.0-linux-amd64.tar.gz`. */
function newestArchive(
  releases: Readonly<Record<string, Readonly<Record<string, Archive>>>>,
  minor: string,
): Archive | undefined {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const candidates = Object.entries(releases)
    .filter(([release]) => release.startsWith(`${minor}.`) && !release.includes('-'))
    .toSorted(([a], [b]) => patchOf(b) - patchOf(a))
  for (const [release, archives] of candidates) {
    const found = archives[`envtest-${release}-${process.platform}-${architecture}.tar.gz`]
    if (found !== undefined) return found
  }
  return undefined
}

const patchOf = (release: string): number => Number(release.split('.')[2])

async function fetched(url: string, timeoutMs: number, signal?: AbortSignal): Promise<Buffer> {
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])])
  const response = await fetch(url, { signal: limit }).catch((cause: unknown) => {
    throw new Error(`${new URL(url).host} cannot be reached`, { cause })
  })
  if (!response.ok) throw new Error(`${url} answers ${String(response.status)}`)
  return Buffer.from(await response.arrayBuffer())
}
