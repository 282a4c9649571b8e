/** Builds etcd and kube-apiserver from their pinned modules, with the Go that is installed. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { promisify } from 'node:util'

const packages = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
}

/** What go.mod asks for, as major and minor. */
const oldestGo = [1, 25] as const

export type GoVersion =
  | { readonly version: string; readonly problem?: undefined }
  | { readonly problem: string; readonly version?: undefined }

/** The version of the `go` in the PATH, or what is wrong with it, as the end of a sentence. */
export async function goVersion(): Promise<GoVersion> {
  const needed = `Go ${oldestGo.join('.')} or newer`
  try {
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION'], { env: environment() })
    const version = stdout.trim().replace(/^go/, '')
    const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat)
    const isEnough = major > oldestGo[0] || (major === oldestGo[0] && minor >= oldestGo[1])
    return isEnough ? { version } : { problem: `${needed} is needed to build one, not Go ${version}` }
  } catch {
    return { problem: `${needed} to build one is not in the PATH` }
  }
}

/**
 * Builds both into `folder`. What Go says goes to our standard error.
 *
 * @param options.modules folder of go.mod
 * @param options.version what kube-apiserver says of itself, e.g. `v1.35.4`
 * @param options.signal ends Go and throws its reason once Go has ended
 */
export async function buildAssets(
  folder: string,
  options: {
    readonly modules: string
    readonly version: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<void> {
  const { modules, version, signal } = options
  const [major, minor] = version.replace(/^v/, '').split('.')
  const stamp = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'archive' }
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((name) =>
    Object.entries(stamp).map(([field, value]) => `-X ${name}.${field}=${value}`),
  )
  for (const [name, main] of Object.entries(packages)) {
    const flags = ['-trimpath', '-ldflags', ['-s', '-w', ...stamps].join(' ')]
    const args = ['build', ...flags, '-o', path.join(folder, name), main]
    signal?.throwIfAborted()
    const child = spawn('go', args, { cwd: modules, env: environment(), stdio: ['ignore', 2, 2] })
    // Go ends its compilers by itself when it is asked to.
    const end = () => child.kill('SIGTERM')
    signal?.addEventListener('abort', end)
    const [code] = await once(child, 'exit')
    signal?.removeEventListener('abort', end)
    signal?.throwIfAborted()
    if (code !== 0) throw new Error(`There is no API server for tests: go build of ${main} failed.`)
  }
}

/** The Go that is there and no other, static programs, and no settings of a workspace around us. */
const environment = () => ({ ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off', CGO_ENABLED: '0' })
