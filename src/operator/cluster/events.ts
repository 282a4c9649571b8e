/**
 * Events for people. The same event again is counted in a series instead of a new object, and no object gets more than a
 * few with one reason: a loop that fails must not fill etcd.
 */
import { KubeError } from '#operator/kube.ts'
import { aborted } from '#platform/lifecycle.ts'

import { eventBody, seriesBody } from './event-body.ts'
import { collectionPath, objectPath } from './paths.ts'
import { tokenBuckets } from './token-buckets.ts'

import type { Clock } from '#operator/clock.ts'
import type { EventNote, ObjectKey } from '#operator/kube.ts'
import type { Logger } from '#platform/log.ts'

import type { Transport } from './transport.ts'

export interface EventRecorderOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly log: Logger
  /** Which of several operators says it: the name of the pod. */
  readonly instance: string
}

export interface EventRecorder extends AsyncDisposable {
  /** Never throws and never waits; what cannot be written is logged and lost. */
  record(event: EventNote): void
}

/** One event, and how often it came. */
interface Series {
  readonly event: EventNote
  readonly firstMs: number
  lastMs: number
  count: number
  /** How many of them the cluster knows, and under which name. */
  written: { readonly count: number; readonly name: string } | undefined
}

const resource = { apiVersion: 'events.k8s.io/v1', plural: 'events' }
/** Bursts are gathered for so long. */
const gatherMs = 250
/** After so long without a repetition it is a new event (client-go, `finishTime`). */
const seriesEndMs = 360_000
const seriesLimit = 4096
/** client-go's limit for an object and reason: so many at once, then one in five minutes. */
const limits = { burst: 25, refillMs: 300_000, keys: seriesLimit }
/** Disposing waits no longer than this. */
const lastWordsMs = 3_000

/** Disposing writes what is left, within three seconds. */
export function openEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { clock, log } = options
  const known = new Map<string, Series>()
  const waiting = new Set<Series>()
  const isAllowed = tokenBuckets({ ...limits, now: () => clock.now() })
  let timer: Disposable | undefined
  let writing = Promise.resolve()

  const write = async (batch: Iterable<Series>, signal?: AbortSignal): Promise<void> => {
    for (const series of batch) {
      if (signal?.aborted === true) return
      try {
        await writeSeries(options, series, signal)
      } catch (error) {
        log.warn({ err: error, reason: series.event.reason }, 'event could not be recorded')
        // The others would only wait for the same API server.
        if (error instanceof KubeError && error.reason === 'Unavailable') return
      }
    }
  }
  const flush = () => {
    timer = undefined
    const due = [...waiting].filter(({ event }) => isAllowed(identityOf(event, event.reason)))
    waiting.clear()
    writing = writing.then(() => write(due))
  }

  return {
    record({ regarding, ...what }) {
      const { apiVersion, kind, metadata } = regarding
      const { type, reason, action, note } = what
      log.info({ regarding: `${kind} ${metadata.namespace}/${metadata.name}`, ...what }, 'event')
      // A series stays for long; spec and status are not to stay with it.
      const event = { ...what, regarding: { apiVersion, kind, metadata } }
      const identity = identityOf(event, type, reason, action, note)
      const series = continued(known.get(identity), event, clock.now())
      // Deleted first, so that it becomes the last one of the map.
      known.delete(identity)
      known.set(identity, series)
      waiting.add(series)
      for (const [oldest, forgotten] of known) {
        if (known.size <= seriesLimit) break
        known.delete(oldest)
        waiting.delete(forgotten)
      }
      timer ??= clock.after(gatherMs, flush)
    },
    async [Symbol.asyncDispose]() {
      timer?.[Symbol.dispose]()
      const limit = AbortSignal.timeout(lastWordsMs)
      const lastWords = async () => {
        await writing
        // What was held back for its rate is told now, since nothing follows.
        const untold = [...known.values()].filter(
          ({ count, written }) => written !== undefined && written.count < count,
        )
        await write(new Set([...waiting, ...untold]), limit)
      }
      await Promise.race([lastWords(), aborted(limit)])
    },
  }
}

function identityOf({ regarding }: EventNote, ...parts: readonly string[]): string {
  const { namespace, name, uid } = regarding.metadata
  return JSON.stringify([regarding.kind, namespace, name, uid, ...parts])
}

/** One more of the series, or the first of a new one. */
function continued(series: Series | undefined, event: EventNote, nowMs: number): Series {
  if (series === undefined || nowMs - series.lastMs > seriesEndMs)
    return { event, firstMs: nowMs, lastMs: nowMs, count: 1, written: undefined }
  series.lastMs = nowMs
  series.count += 1
  return series
}

async function writeSeries(
  { transport, instance }: EventRecorderOptions,
  series: Series,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { count, written } = series
  const { namespace } = series.event.regarding.metadata
  if (
    written !== undefined &&
    (await hasCounted(transport, series, { namespace, name: written.name }, signal))
  ) {
    series.written = { count, name: written.name }
    return
  }
  const body = eventBody(series, instance)
  await transport.call({ method: 'POST', path: collectionPath(resource, namespace), body, signal })
  series.written = { count, name: body.metadata.name }
}

/** False if the cluster has dropped the event, as it does after an hour. */
async function hasCounted(
  transport: Transport,
  series: Series,
  key: ObjectKey,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await transport.call({
      method: 'PATCH',
      path: objectPath(resource, key),
      contentType: 'application/merge-patch+json',
      body: { series: seriesBody(series) },
      signal,
    })
    return true
  } catch (error) {
    if (error instanceof KubeError && error.reason === 'NotFound') return false
    throw error
  }
}
