/** An event as the API wants it (events.k8s.io/v1). */
import { randomBytes } from 'node:crypto'

import { group } from '#operator/api/common.ts'
import { V1MicroTime } from '@kubernetes/client-node'

import type { EventNote } from '#operator/kube.ts'
import type { EventsV1Event, EventsV1EventSeries } from '@kubernetes/client-node'

/** The API counts bytes, and says characters. */
const longestNoteBytes = 1024
/** Leaves room for what makes the name unique within the 253 characters of a name. */
const longestNamePart = 230

export interface Occurrences {
  readonly event: EventNote
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
}

/** @param instance which of several operators says it */
export function eventBody(
  { event, ...times }: Occurrences,
  instance: string,
): EventsV1Event & { readonly metadata: { readonly name: string } } {
  const { regarding, type, reason, action, note } = event
  const { namespace, name, uid, resourceVersion } = regarding.metadata
  const about = name.slice(0, longestNamePart).replace(/[.-]+$/, '')
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name: `${about}.${randomBytes(8).toString('hex')}` },
    eventTime: new V1MicroTime(times.firstMs),
    reportingController: `${group}/operator`,
    reportingInstance: instance,
    type,
    reason,
    action,
    note: shortened(note),
    regarding: {
      apiVersion: regarding.apiVersion,
      kind: regarding.kind,
      namespace,
      name,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    ...(times.count > 1 ? { series: seriesBody(times) } : {}),
  }
}

/** A Date has three digits after the second, and the API server refuses all but six. */
export function seriesBody({ count, lastMs }: Pick<Occurrences, 'count' | 'lastMs'>): EventsV1EventSeries {
  return { count, lastObservedTime: new V1MicroTime(lastMs) }
}

function shortened(note: string): string {
  if (Buffer.byteLength(note) <= longestNoteBytes) return note
  const ellipsis = '…'
  const room = new Uint8Array(longestNoteBytes - Buffer.byteLength(ellipsis))
  return `${note.slice(0, new TextEncoder().encodeInto(note, room).read)}${ellipsis}`
}
