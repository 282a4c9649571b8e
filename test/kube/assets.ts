/** Where the programs etcd and kube-apiserver come from: given, in the cache, downloaded or built. */

import { createHash } from 'node:crypto'
import { access, constants, readFile } from 'node:fs/promises'
import path from 'node:path'
import { buildAssets, goVersion } from './assets-build.ts'
import { downloadAssets, releaseIndex } from './assets-download.ts'
import { cached, cachedFolder } from './cache.ts'

export interface Assets {
  /** Holds `etcd` and `kube-apiserver`, as controller-runtime's envtest expects of KUBEBUILDER_ASSETS. */
  readonly folder: string
  /** For people: which way they came. */
  readonly from: string
}

/** Tells a person what happens and how long it takes, one line at a time. */
export type Say = (line: string) => void

const modules = path.join(import.meta.dirname, 'assets')

/**
 * Whether tests can have API servers without a download or a build. A cluster that is given does not do for those that
 * take their API server away.
 */
export async function isApiServerAtHand(): Promise<boolean> {
  return Boolean(process.env['KUBEBUILDER_ASSETS']) || (await cached(await cacheName())) !== undefined
}

/**
 * The programs, by the first way that is open: KUBEBUILDER_ASSETS, the cache, a download of the envtest archive (from
 * the mirror of ENVTEST_INDEX if that is set), a build with Go. Throws one sentence if none is.
 *
 * @param signal ends a download or a build, and leaves nothing of it behind
 */
export async function assets(say: Say = () => undefined, signal?: AbortSignal): Promise<Assets> {
  const given = process.env['KUBEBUILDER_ASSETS'] ?? ''
  if (given !== '') {
    await bothThere(given)
    return { folder: path.resolve(given), from: 'KUBEBUILDER_ASSETS' }
  }
  const name = await cacheName()
  const found = await cached(name)
  if (found !== undefined) return { folder: found, from: 'the cache' }
  const version = await kubernetesVersion()
  say(`Looking for the envtest archive of Kubernetes ${version}: 60 MB, a minute …`)
  const index = process.env['ENVTEST_INDEX'] ?? releaseIndex
  let reason: string
  try {
    const folder = await cachedFolder(name, (empty) => downloadAssets(empty, { version, index, signal }))
    return { folder, from: 'the envtest archive' }
  } catch (error) {
    signal?.throwIfAborted()
    reason = error instanceof Error ? error.message : String(error)
    say(`It is not to be had: ${reason}.`)
  }
  const go = await goVersion()
  if (go.problem !== undefined)
    throw new Error(
      `There is no API server for tests: KUBEBUILDER_ASSETS is not set, none is cached, ${reason}, and ${go.problem}.`,
    )
  say(
    `Building etcd and kube-apiserver ${version} with Go ${go.version}: 5 to 15 minutes on two cores, once on this machine …`,
  )
  const folder = await cachedFolder(name, (empty) => buildAssets(empty, { modules, version, signal }))
  return { folder, from: `a build with Go ${go.version}` }
}

/** Throws if one of the programs is not in the folder that we were given. */
async function bothThere(folder: string): Promise<void> {
  for (const name of ['etcd', 'kube-apiserver'])
    await access(path.join(folder, name), constants.X_OK).catch(() => {
      throw new Error(`KUBEBUILDER_ASSETS is ${folder}, where there is no program ${name}.`)
    })
}

/** Changes with every module that goes into the programs. */
async function cacheName(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(path.join(modules, file)))
  return `kube-${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 16)}`
}

/** `v1.35.4`, of the module that is pinned. */
async function kubernetesVersion(): Promise<string> {
  const [, version] =
    /^\tk8s\.io\/kubernetes (v\S+)/m.exec(await readFile(path.join(modules, 'go.mod'), 'utf8')) ?? []
  if (version === undefined) throw new Error('test/kube/assets/go.mod names no version of k8s.io/kubernetes')
  return version
}
