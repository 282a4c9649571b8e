/**
 * What is wrong with manifests, told where people look: a condition in the object's status, an Event, a line in the
 * log. Each problem is told once, and withdrawn when it is gone.
 */
import { stringify } from 'yaml'

import { isObject, listAt } from './json.ts'
import { objectPath } from './object-file.ts'

import type { JsonObject } from './json.ts'
import type { ServedKind } from './kinds.ts'
import type { ObjectApi } from './object-api.ts'
import type { ObjectStore } from './object-store.ts'
import type { EventNote, KubeObject } from '#operator/kube.ts'
import type { Logger } from '#platform/log.ts'

export interface Problem {
  /** UnknownFields: in force but for some fields. The others: the last good state stays in force. */
  readonly reason: 'Invalid' | 'Unreadable' | 'UnknownFields'
  readonly message: string
}

export interface ManifestReport {
  /** The problem with an object's manifest now, or undefined. */
  ofObject(kind: ServedKind, object: KubeObject, problem: Problem | undefined): Promise<void>
  /** All problems that belong to files rather than to one object. */
  ofFiles(messages: readonly string[]): void
  /** Withdraws what was said about objects that are declared no more. */
  forgetAllBut(paths: ReadonlySet<string>): Promise<void>
}

/** The condition's type: whether the manifest as it stands now is in force. Absent while there is nothing to say. */
const manifestAccepted = 'ManifestAccepted'

export interface ManifestReportOptions {
  readonly store: ObjectStore
  readonly api: ObjectApi
  readonly record: (event: EventNote) => void
  readonly log: Logger
  readonly now: () => Date
}

/** Events take at most this much (Kubernetes API conventions). */
const noteLimit = 1024

export const manifestReport = ({ store, api, record, log, now }: ManifestReportOptions): ManifestReport => {
  const said = new Map<string, Problem>()
  /** Notes of objects that were refused from the start, and so have no file of their own. */
  const notes = new Set<string>()
  let saidOfFiles: ReadonlySet<string> = new Set()

  const warn = (regarding: KubeObject, reason: string, message: string): void => {
    log.warn({ problem: message }, 'a manifest is not in force as it stands')
    record({ regarding, type: 'Warning', reason, action: 'ReadManifest', note: message.slice(0, noteLimit) })
  }

  const withdrawNote = async (path: string): Promise<void> => {
    if (!notes.delete(path)) return
    await store.serially(async () => {
      // The object that stands there by now has a file of its own under the same name.
      if (store.texts.get(path)?.startsWith(noteHeader) === true) await store.note(path, undefined)
    })
  }

  return {
    async ofObject(kind, object, problem) {
      const path = objectPath(kind.plural, object.metadata)
      const before = said.get(path)
      const stored = store.get(kind, object.metadata)
      if (problem === undefined) {
        await withdrawNote(path)
        said.delete(path)
        if (kind.definition !== undefined && findCondition(stored?.object) !== undefined)
          await api.changeStatus(kind, object.metadata, (status) => withCondition(status, undefined))
        return
      }
      if (before?.message !== problem.message)
        warn(stored?.object ?? object, `Manifest${problem.reason}`, problem.message)
      said.set(path, problem)
      const condition = conditionOf(problem, stored?.object, now())
      if (stored === undefined) {
        notes.add(path)
        await store.serially(() => store.note(path, noteOf(object, condition)))
      } else if (kind.definition !== undefined)
        await api.changeStatus(kind, object.metadata, (status) => withCondition(status, condition))
    },

    ofFiles(messages) {
      for (const message of messages)
        if (!saidOfFiles.has(message)) warn(manifestFolder, 'ManifestUnreadable', message)
      saidOfFiles = new Set(messages)
    },

    async forgetAllBut(paths) {
      for (const path of said.keys()) if (!paths.has(path)) said.delete(path)
      for (const path of notes) if (!paths.has(path)) await withdrawNote(path)
    },
  }
}

/** What Events about no object in particular regard. */
const manifestFolder: KubeObject = {
  apiVersion: 'v1',
  kind: 'Folder',
  metadata: { namespace: 'default', name: 'manifests' },
}

const conditionOf = ({ reason, message }: Problem, object: KubeObject | undefined, now: Date): JsonObject => {
  const status = reason === 'UnknownFields' ? 'True' : 'False'
  const before = findCondition(object)
  return {
    type: manifestAccepted,
    status,
    reason,
    message,
    observedGeneration: object?.metadata.generation ?? 0,
    lastTransitionTime:
      before?.['status'] === status
        ? before['lastTransitionTime']
        : now.toISOString().replace(/\.\d+Z$/, 'Z'),
  }
}

const findCondition = (object: KubeObject | undefined): JsonObject | undefined =>
  listAt(object, 'status', 'conditions')
    .filter(isObject)
    .find(({ type }) => type === manifestAccepted)

const withCondition = (status: JsonObject, condition: JsonObject | undefined): JsonObject => {
  const others = listAt(status, 'conditions').filter(
    (found) => !isObject(found) || found['type'] !== manifestAccepted,
  )
  return { ...status, conditions: condition === undefined ? others : [...others, condition] }
}

const noteHeader = '# Refused, so it is not an object: see the condition.\n'

const noteOf = ({ apiVersion, kind, metadata }: KubeObject, condition: JsonObject): string =>
  noteHeader +
  stringify(
    {
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace },
      status: { conditions: [condition] },
    },
    { lineWidth: 0 },
  )
