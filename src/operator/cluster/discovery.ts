/** Which kinds the cluster serves, and under which plural: asked of the API server and remembered for a while. */
import { KubeError } from '#operator/kube.ts'

import { fieldsOf, listOf } from './json.ts'
import { versionPath } from './paths.ts'

import type { CallOptions, KubeKind } from '#operator/kube.ts'

import type { Transport } from './transport.ts'

/** What is served is seldom taken away; what is missing may be installed at any moment. */
const keepFoundMs = 600_000
const keepMissingMs = 30_000

type Named = Pick<KubeKind, 'apiVersion' | 'kind'>

export interface Discovery {
  /** undefined if the cluster does not serve the kind. */
  pluralOf(kind: Named, options?: CallOptions): Promise<string | undefined>
  /** The next question about this version is asked of the API server: it answered 404. */
  forget(apiVersion: string): void
}

interface Known {
  readonly plurals: ReadonlyMap<string, string>
  readonly askedMs: number
}

export function openDiscovery(transport: Transport, now: () => number): Discovery {
  const known = new Map<string, Known>()
  return {
    async pluralOf({ apiVersion, kind }, { signal } = {}) {
      const found = known.get(apiVersion)
      const plural = found?.plurals.get(kind)
      const keepMs = plural === undefined ? keepMissingMs : keepFoundMs
      if (found !== undefined && now() - found.askedMs < keepMs) return plural
      const plurals = await ask(transport, apiVersion, signal)
      known.set(apiVersion, { plurals, askedMs: now() })
      return plurals.get(kind)
    },
    forget: (apiVersion) => void known.delete(apiVersion),
  }
}

/** Kind to plural, of one version of a group. */
async function ask(
  transport: Transport,
  apiVersion: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  try {
    const answer = await transport.call({ method: 'GET', path: versionPath(apiVersion), signal })
    return new Map(
      listOf(fieldsOf(answer)['resources']).flatMap((resource) => {
        const { kind, name } = fieldsOf(resource)
        // `things/status` is a part of `things`.
        const isWhole = typeof name === 'string' && !name.includes('/')
        return isWhole && typeof kind === 'string' ? [[kind, name] as const] : []
      }),
    )
  } catch (error) {
    if (error instanceof KubeError && error.reason === 'NotFound') return new Map()
    throw error
  }
}
