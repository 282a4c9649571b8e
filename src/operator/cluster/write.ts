/** The writes of the port: create, server-side apply, finalizers, delete. */
import { KubeError } from '#operator/kube.ts'

import { fieldsOf, parseObject } from './json.ts'
import { collectionPath, objectPath } from './paths.ts'

import type { ApplyOptions, Kube, KubeObject } from '#operator/kube.ts'
import type { V1DeleteOptions } from '@kubernetes/client-node'

import type { Discovery } from './discovery.ts'
import type { Transport } from './transport.ts'

/** JSON is YAML; this is what the API server calls it. */
const applyPatch = 'application/apply-patch+yaml'
const mergePatch = 'application/merge-patch+json'
/** Between the look at an object and the write of its status others may change it, but not again and again. */
const statusAttempts = 5

interface Resource {
  readonly apiVersion: string
  readonly plural: string
}

export type Writes = Pick<Kube, 'create' | 'apply' | 'tryApply' | 'applyStatus' | 'setFinalizers' | 'delete'>

export function writes(transport: Transport, discovery: Discovery): Writes {
  /** Runs with the plural of the object's kind; if that is not found, the kind may be gone: it is looked up again. */
  const sent = async (
    object: KubeObject,
    signal: AbortSignal | undefined,
    write: (resource: Resource) => Promise<unknown>,
  ): Promise<unknown> => {
    const { apiVersion, kind } = object
    const plural = await discovery.pluralOf(object, signal === undefined ? {} : { signal })
    if (plural === undefined)
      throw new KubeError(404, 'NotFound', `the cluster does not serve ${apiVersion} ${kind}`)
    try {
      return await write({ apiVersion, plural })
    } catch (error) {
      if (error instanceof KubeError && error.reason === 'NotFound') discovery.forget(apiVersion)
      throw error
    }
  }
  const stored = async (...[object, signal, write]: Parameters<typeof sent>): Promise<KubeObject> =>
    parseObject(await sent(object, signal, write), object)
  const apply = (
    object: KubeObject,
    { fieldManager, force, signal }: ApplyOptions,
    dryRun?: 'All',
  ): Parameters<typeof sent> => [
    object,
    signal,
    (resource) =>
      transport.call({
        method: 'PATCH',
        path: objectPath(resource, object.metadata),
        query: { fieldManager, force: String(force), dryRun },
        contentType: applyPatch,
        body: object,
        signal,
      }),
  ]

  return {
    create: (object, { signal } = {}) =>
      stored(object, signal, (resource) =>
        transport.call({
          method: 'POST',
          path: collectionPath(resource, object.metadata.namespace),
          body: object,
          signal,
        }),
      ),

    apply: (object, options) => stored(...apply(object, options)),

    tryApply: async (object, options) => {
      await sent(...apply(object, options, 'All'))
    },

    applyStatus: (object, { fieldManager, signal }) =>
      stored(object, signal, async (resource) => {
        const path = objectPath(resource, object.metadata)
        for (let attempt = 1; ; attempt += 1) {
          const version = await versionOf(transport, path, object, signal)
          try {
            return await transport.call({
              method: 'PATCH',
              path: `${path}/status`,
              query: { fieldManager, force: 'true' },
              contentType: applyPatch,
              body: { ...object, metadata: { ...object.metadata, ...version } },
              signal,
            })
          } catch (error) {
            if (!isConflict(error) || attempt === statusAttempts) throw error
          }
        }
      }),

    setFinalizers: async (object, kind, finalizers, { signal } = {}) => {
      const { uid, resourceVersion } = object.metadata
      const answer = await transport.call({
        method: 'PATCH',
        path: objectPath(kind, object.metadata),
        contentType: mergePatch,
        body: { metadata: { uid, resourceVersion, finalizers } },
        signal,
      })
      return parseObject(answer, kind)
    },

    delete: async (kind, key, { uid, signal } = {}) => {
      const path = objectPath(kind, key)
      const body: V1DeleteOptions = {
        propagationPolicy: 'Background',
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      }
      try {
        await transport.call({ method: 'DELETE', path, body, signal })
      } catch (error) {
        if (isNotFound(error)) return
        if (uid === undefined || !isConflict(error)) throw error
        if (await isThere(transport, path, { uid, signal })) throw error
      }
    },
  }
}

/**
 * On a status the API takes no notice of a uid, and would write it to whatever has the name by now. So the incarnation
 * is looked at, and the write bound to the version that was seen.
 */
async function versionOf(
  transport: Transport,
  path: string,
  { kind, metadata }: KubeObject,
  signal: AbortSignal | undefined,
): Promise<{ readonly resourceVersion?: string }> {
  if (metadata.uid === undefined) return {}
  const found = fieldsOf(fieldsOf(await transport.call({ method: 'GET', path, signal }))['metadata'])
  const { uid, resourceVersion } = found
  if (uid === metadata.uid && typeof resourceVersion === 'string') return { resourceVersion }
  throw new KubeError(409, 'Conflict', `${kind} ${metadata.namespace}/${metadata.name} is another one by now`)
}

function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.reason === 'Conflict'
}

function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.reason === 'NotFound'
}

/** Whether the incarnation is there; a conflict need not mean that its name is another's by now. */
async function isThere(
  transport: Transport,
  path: string,
  { uid, signal }: { readonly uid: string; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  try {
    const found = fieldsOf(fieldsOf(await transport.call({ method: 'GET', path, signal }))['metadata'])
    return found['uid'] === uid
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}
