/** Events for people: logged, and the last ones kept in a file of the state folder, repeated ones counted. */
import { join } from 'node:path'

import { stringify } from 'yaml'

import { writeAtomically } from './atomic-file.ts'

import type { EventNote } from '#operator/kube.ts'
import type { Logger } from '#platform/log.ts'

export interface EventLog extends AsyncDisposable {
  record(event: EventNote): void
}

export interface EventLogOptions {
  readonly folder: string
  readonly log: Logger
  readonly now: () => Date
  /** How many are kept. */
  readonly limit?: number
}

interface KeptEvent {
  readonly lastTime: string
  readonly count: number
  readonly type: string
  readonly reason: string
  readonly action: string
  readonly regarding: string
  readonly note: string
}

/** Events come in bursts; one write holds them all. */
const writeAfterMs = 250

/** Writes `events.yaml`, newest first; disposing writes what is left. */
export const openEventLog = ({ folder, log, now, limit = 500 }: EventLogOptions): EventLog => {
  const kept = new Map<string, KeptEvent>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const write = async (): Promise<void> => {
    const newestFirst = [...kept.values()].toReversed()
    try {
      await writeAtomically(join(folder, 'events.yaml'), stringify(newestFirst, { lineWidth: 0 }))
    } catch (error) {
      log.error({ err: error }, 'events could not be written')
    }
  }
  const flush = (): void => {
    timer = undefined
    writing = writing.then(write)
  }
  return {
    record({ regarding, type, reason, action, note }) {
      const { namespace, name } = regarding.metadata
      const about = `${regarding.kind} ${namespace}/${name}`
      const key = JSON.stringify([about, type, reason, note])
      const count = (kept.get(key)?.count ?? 0) + 1
      // Deleted first, so that a repeated event moves to the end of the map: the newest.
      kept.delete(key)
      kept.set(key, { lastTime: now().toISOString(), count, type, reason, action, regarding: about, note })
      for (const oldest of kept.keys()) {
        if (kept.size <= limit) break
        kept.delete(oldest)
      }
      log.info({ regarding: about, type, reason, action, note }, 'event')
      timer ??= setTimeout(flush, writeAfterMs)
    },
    async [Symbol.asyncDispose]() {
      if (timer !== undefined) {
        clearTimeout(timer)
        flush()
      }
      await writing
    },
  }
}
