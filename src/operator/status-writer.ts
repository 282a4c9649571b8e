/** Writes a status once, if it says anything new, and tells people what has changed. */
import { isDeepStrictEqual } from 'node:util'

import { textAt } from './object-key.ts'

import type { Condition } from './api/common.ts'
import type { EventNote, Kube, KubeObject } from './kube.ts'

interface Status {
  readonly conditions?: readonly Condition[]
}

export interface StatusChange {
  readonly object: KubeObject
  /** As the object has it. */
  readonly before: Status
  readonly after: Status
}

/** Lists whose items have a key; their order means nothing. */
const keys = ['type', 'id', 'name', 'value'] as const

/** Whether the status as it stands already says `after`; conditions of other writers do not count. */
export function isSaid({ before, after }: StatusChange): boolean {
  const ours = new Set(after.conditions?.map(({ type }) => type))
  const conditions = (before.conditions ?? []).filter(({ type }) => ours.has(type))
  return isDeepStrictEqual(ordered({ ...before, conditions }), ordered(after))
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, ordered(field)]))
}

function keyOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item)
  return keys.map((key) => textAt(item, key)).find((key) => key !== undefined) ?? JSON.stringify(item)
}

export interface WriteOptions {
  readonly fieldManager: string
  readonly signal: AbortSignal
}

/** @returns true if it was written */
export async function writeStatus(kube: Kube, change: StatusChange, options: WriteOptions): Promise<boolean> {
  if (isSaid(change)) return false
  const { apiVersion, kind, metadata } = change.object
  const { name, namespace, uid } = metadata
  await kube.applyStatus(
    {
      apiVersion,
      kind,
      metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
      status: change.after,
    },
    options,
  )
  for (const event of eventsOf(change)) kube.recordEvent(event)
  return true
}

/** Conditions whose "True" is bad news. */
const alarms = new Set(['Degraded', 'TokenExpiring'])
/** Conditions worth an Event; the others move along with them. */
const told = new Set(['Ready', 'Synced', ...alarms])
/** Why something is "False" that somebody asked for, or that goes by itself. */
const harmless = new Set(['Disabled', 'Evaluating', 'IntegrationNotReady'])

/** One Event per reason that is new to its condition, or whose plan is; a first "nothing wrong" is no news. */
export function eventsOf({ object, before, after }: StatusChange): EventNote[] {
  const { conditions = [] } = after
  const events = conditions.flatMap((condition): EventNote[] => {
    const { type, status, reason, message } = condition
    const previous = before.conditions?.find((found) => found.type === type)
    const isNew = previous?.status !== status || previous.reason !== reason
    // Under managementPolicy Observe the message is what would be done.
    if (reason === 'ObserveOnly' && message !== previous?.message)
      return [{ regarding: object, type: 'Normal', reason, action: 'Plan', note: message.slice(0, 1024) }]
    if (!told.has(type) || !isNew || status === 'Unknown') return []
    const isBad = (status === 'True') === alarms.has(type)
    const isFirst = previous === undefined || (alarms.has(type) && previous.status === 'Unknown')
    if (isFirst && !isBad) return []
    const note = `${type} is ${status}${message === '' ? '' : `: ${message}`}`.slice(0, 1024)
    const isTrouble = isBad && !isHarmless(condition, conditions)
    return [
      { regarding: object, type: isTrouble ? 'Warning' : 'Normal', reason, action: 'UpdateStatus', note },
    ]
  })
  return events.filter((event, index) => events.findIndex(({ reason }) => reason === event.reason) === index)
}

function isHarmless({ type, reason }: Condition, all: readonly Condition[]): boolean {
  if (alarms.has(type)) return false
  const isProvisioning = all.some((one) => one.type === 'Progressing' && one.reason === 'Provisioning')
  return isProvisioning || harmless.has(reason)
}
