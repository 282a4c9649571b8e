/** A kube-apiserver with an etcd of its own, on loopback and in a temporary folder, as controller-runtime's envtest has it. */

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { isIP } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { apiAgent, ask } from './ask.ts'
import { assets } from './assets.ts'
import { guard, startGuarded, type GuardedProcess } from './processes.ts'

/** How to reach an API server as somebody who may do everything. Plain data. */
export interface ClusterAccess {
  /** Path of a kubeconfig whose current context says the same. */
  readonly kubeconfig: string
  /** `https://127.0.0.1:port`, without a slash at its end. */
  readonly server: string
  readonly token: string
  /** Certificates in PEM that its own one is trusted by. */
  readonly ca: string
}

export interface ApiServer extends ClusterAccess, AsyncDisposable {
  /** Kills it and its etcd at once: an outage. What was written stays. */
  stop(): Promise<void>
  /** After `stop`: up again and ready, at the same address with the same data. */
  start(): Promise<void>
  /** A black hole from now on: connections are accepted and nothing is answered. */
  pause(): void
  resume(): void
}

export interface ApiServerOptions {
  /** More flags of kube-apiserver, e.g. `--request-timeout=5s`. */
  readonly args?: readonly string[]
}

/**
 * Starts one, ready for requests: 4 s on a machine at rest. Like envtest it has no controllers: nothing is
 * garbage-collected, and a namespace that is deleted stays.
 */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const { folder: programs } = await assets()
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-test-kube-'))
  await using stack = new AsyncDisposableStack()
  stack.use(guard(folder))
  const token = randomBytes(16).toString('hex')
  const port = await freePort()
  const server = `https://127.0.0.1:${String(port)}`
  await writeFile(path.join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`)
  await writeFile(path.join(folder, 'service-accounts.key'), serviceAccountKey())
  let running: readonly GuardedProcess[] = []
  const start = async (): Promise<void> => {
    const etcd = startGuarded(folder, path.join(programs, 'etcd'), etcdArgs)
    const flags = [...apiServerArgs(port), ...(options.args ?? [])]
    const api = startGuarded(folder, path.join(programs, 'kube-apiserver'), flags)
    running = [api, etcd]
    await ready(running, { server, token, certificate: path.join(folder, certificateFile) })
  }
  const stop = async (): Promise<void> => {
    for (const each of running) each.signal('SIGKILL')
    await Promise.all(running.map(({ exited }) => exited))
  }
  await start()
  const ca = await readFile(path.join(folder, certificateFile), 'utf8')
  const kubeconfig = path.join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigText({ server, token, ca }))
  const owned = stack.move()
  return {
    kubeconfig,
    server,
    token,
    ca,
    start,
    stop,
    pause: () => running[0]?.signal('SIGSTOP'),
    resume: () => running[0]?.signal('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync()
      await Promise.all(running.map(({ exited }) => exited))
    },
  }
}

/**
 * A kubeconfig with one context, for these and no other rights.
 *
 * @param proxy URL of what is asked instead, which passes on to the server
 */
export function kubeconfigText(
  { server, token, ca }: Omit<ClusterAccess, 'kubeconfig'>,
  proxy?: string,
): string {
  const { hostname } = new URL(server)
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: {
          server: proxy ?? server,
          'certificate-authority-data': Buffer.from(ca).toString('base64'),
          // The certificate is the server's. An address is no name to ask for (RFC 6066, section 3).
          ...(proxy === undefined || isIP(hostname) > 0 ? {} : { 'tls-server-name': hostname }),
        },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin', namespace: 'default' } }],
    'current-context': 'test',
  })
}

/** Unix sockets in the folder of the server, named as etcd names them: no ports to collide with, nothing to secure. */
const etcdClients = 'unix://localhost:1'
const etcdPeers = 'unix://localhost:2'

const etcdArgs = [
  '--data-dir=etcd',
  `--listen-client-urls=${etcdClients}`,
  `--advertise-client-urls=${etcdClients}`,
  `--listen-peer-urls=${etcdPeers}`,
  `--initial-advertise-peer-urls=${etcdPeers}`,
  `--initial-cluster=default=${etcdPeers}`,
  // Nothing of a test run has to survive a power cut.
  '--unsafe-no-fsync',
  '--log-level=warn',
]

/** The API server writes it at its first start, with the authority that signed it. */
const certificateFile = 'certificates/apiserver.crt'

const apiServerArgs = (port: number): readonly string[] => [
  `--etcd-servers=${etcdClients}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  '--endpoint-reconciler-type=none',
  `--secure-port=${String(port)}`,
  '--cert-dir=certificates',
  '--token-auth-file=tokens.csv',
  '--authorization-mode=RBAC',
  '--service-account-issuer=https://kubernetes.default.svc',
  '--service-account-key-file=service-accounts.key',
  '--service-account-signing-key-file=service-accounts.key',
  '--service-cluster-ip-range=10.0.0.0/24',
  // There is no controller that makes the service account `default` that this plugin asks for.
  '--disable-admission-plugins=ServiceAccount',
  '--profiling=false',
]

function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString()
}

/** Below the ports that outgoing connections get, so that nobody takes it while the server is stopped. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + (randomBytes(2).readUInt16BE() % 12_000)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}

interface Probe {
  readonly server: string
  readonly token: string
  readonly certificate: string
}

/** A start takes up to 20 s where others use the machine as well. */
const patienceMs = 180_000

async function ready(processes: readonly GuardedProcess[], probe: Probe): Promise<void> {
  const deadline = Date.now() + patienceMs
  let ended = false
  const end = (): void => {
    ended = true
  }
  for (const { exited } of processes) exited.then(end, end)
  while (!(await isReady(probe))) {
    if (ended || Date.now() > deadline) {
      const logs = await Promise.all(processes.map(({ log }) => lastLines(log)))
      const what = ended ? 'ended before it was ready' : 'is not ready after three minutes'
      throw new Error(`The API server for tests ${what}:\n${logs.join('\n')}`)
    }
    await sleep(50)
  }
}

async function isReady({ server, token, certificate }: Probe): Promise<boolean> {
  try {
    const agent = apiAgent({ ca: await readFile(certificate, 'utf8') })
    try {
      const signal = AbortSignal.timeout(5000)
      const { status } = await ask({ server, token }, agent, { method: 'GET', path: '/readyz', signal })
      return status === 200
    } finally {
      await agent.destroy()
    }
  } catch {
    // No certificate yet, nobody listens yet, or busy with its start.
    return false
  }
}

const lastLines = async (file: string): Promise<string> => {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n')
  return [`${path.basename(file)}:`, ...lines.slice(-15)].join('\n')
}
