/** A watch: one line of JSON per event, until the server, the network or the caller ends it. */
import { KubeError } from '#operator/kube.ts'

import { statusError, unreachable } from './errors.ts'
import { fieldsOf, parseObject } from './json.ts'
import { linesOf } from './lines.ts'
import { collectionPath, labelSelector } from './paths.ts'

import type { KubeKind, ListOptions, WatchEvent } from '#operator/kube.ts'

import type { Transport } from './transport.ts'

/** The server ends a watch after a while; at different times, so that not all come back at once (client-go, reflector). */
const leastSeconds = 300
const mostSeconds = 600

export interface WatchOptions extends ListOptions {
  readonly resourceVersion: string
}

/**
 * Throws KubeError: `Expired` for a version that is too old, said by the answer (410) or by an event; `Unavailable` for a
 * stream that breaks off or is silent for too long; `Unknown` for a line that is no event. Whoever goes on after any but
 * the first from the last version seen has missed nothing.
 */
export async function* watchObjects(
  transport: Transport,
  kind: KubeKind,
  { namespace, labels, resourceVersion, signal }: WatchOptions,
  random: () => number,
): AsyncGenerator<WatchEvent> {
  const seconds = Math.floor(leastSeconds + random() * (mostSeconds - leastSeconds))
  try {
    const stream = await transport.stream({
      method: 'GET',
      path: collectionPath(kind, namespace),
      query: {
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(seconds),
        resourceVersion,
        labelSelector: labelSelector(labels),
      },
      signal,
    })
    for await (const line of linesOf(stream)) yield parseEvent(line, kind)
  } catch (error) {
    if (signal?.aborted === true) return
    throw error instanceof KubeError ? error : unreachable(error)
  }
}

function parseEvent(line: string, kind: KubeKind): WatchEvent {
  const { type, object } = fieldsOf(parse(line))
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: parseObject(object, kind) }
    case 'BOOKMARK':
      return { type, resourceVersion: bookmarkOf(object) }
    case 'ERROR':
      throw statusError(object)
    default:
      throw new KubeError(200, 'Unknown', `the watch of ${kind.plural} sent a line that is no event`)
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new KubeError(200, 'Unknown', 'a watch sent a line that is no JSON', { cause })
  }
}

function bookmarkOf(object: unknown): string {
  const { resourceVersion } = fieldsOf(fieldsOf(object)['metadata'])
  if (typeof resourceVersion !== 'string')
    throw new KubeError(200, 'Unknown', 'a bookmark without a resourceVersion')
  return resourceVersion
}
