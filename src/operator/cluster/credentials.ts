/** How the cluster is reached and who we are there: a kubeconfig, or the service account of the pod. */
import { KubeConfig } from '@kubernetes/client-node'

import { fieldsOf } from './json.ts'

import type { Fields } from './json.ts'

/** What a TLS connection to the API server is opened with; certificates and keys in PEM. */
export interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsOptions
}

export interface ClusterAccess {
  /** Of the API server, without a slash at its end; it may have a path. */
  readonly server: string
  /** As they are now: files are read again, tokens renewed. Called before every request. */
  credentials(): Promise<Credentials>
}

/**
 * Reads the kubeconfig, or without one what a pod is given.
 * @throws Error with one sentence for what is wrong with it
 */
export function openAccess(kubeConfig: string | undefined): ClusterAccess {
  const config = new KubeConfig()
  if (kubeConfig === undefined) config.loadFromCluster()
  else loadFile(config, kubeConfig)
  const cluster = config.getCurrentCluster()
  if (cluster === null)
    throw new Error(`The kubeconfig ${kubeConfig} names no cluster in its current context.`)
  // Outside of a pod the variables are missing that its address is made of.
  if (!URL.canParse(cluster.server))
    throw new Error(
      kubeConfig === undefined
        ? 'KUBECONFIG is missing, and this is no pod of a cluster: it must be a file.'
        : `The server of the kubeconfig ${kubeConfig} is no URL: ${cluster.server}.`,
    )
  if (cluster.proxyUrl !== undefined)
    throw new Error(`The kubeconfig ${kubeConfig} asks for a proxy (proxy-url), which is not supported.`)
  return {
    server: cluster.server.replace(/\/+$/, ''),
    credentials: async () => {
      const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {}
      await config.applyToHTTPSOptions(options)
      return credentialsOf(options)
    },
  }
}

function loadFile(config: KubeConfig, path: string): void {
  try {
    config.loadFromFile(path)
  } catch (cause) {
    const [why = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
    throw new Error(`The kubeconfig ${path} cannot be read: ${why.replace(/[.:]$/, '')}.`, { cause })
  }
}

function credentialsOf(options: object): Credentials {
  const { headers, auth, rejectUnauthorized, ...tls } = fieldsOf(options)
  const sent = Object.entries(fieldsOf(headers)).map(([name, value]) => [name, String(value)])
  if (typeof auth === 'string') sent.push(['Authorization', `Basic ${Buffer.from(auth).toString('base64')}`])
  return {
    headers: Object.fromEntries(sent),
    tls: {
      ...textOf('ca', tls),
      ...textOf('cert', tls),
      ...textOf('key', tls),
      ...textOf('passphrase', tls),
      ...textOf('servername', tls),
      ...(typeof rejectUnauthorized === 'boolean' ? { rejectUnauthorized } : {}),
    },
  }
}

/** The field if it is there; from a file it comes as a Buffer. */
function textOf(name: keyof TlsOptions, tls: Fields): Record<string, string> {
  const value = tls[name]
  return typeof value === 'string' || Buffer.isBuffer(value) ? { [name]: value.toString() } : {}
}
