/** A Kubernetes of one kind whose list and watch the test writes line by line. */

import { KubeError } from '#operator/kube.ts'

import type { Kube, KubeObject, ObjectList, WatchEvent } from '#operator/kube.ts'

type Line = WatchEvent | Error | 'end'

export interface ScriptedKube {
  readonly kube: Kube
  /** What the next lists answer; the last one stays. */
  readonly lists: (ObjectList | Error)[]
  /** Sends one line to the watch that runs, or the next one. */
  send(line: Line): void
  readonly calls: string[]
}

/** Whoever waits for the next line is woken by this; nobody waits yet. */
const nothing = (): void => undefined

function unused(): never {
  throw new Error('not part of this script')
}

export function scriptedKube(): ScriptedKube {
  const lines: Line[] = []
  const calls: string[] = []
  const lists: (ObjectList | Error)[] = []
  let wake = nothing
  const kube: Kube = {
    async list() {
      calls.push('list')
      const answer = lists.length > 1 ? lists.shift() : lists[0]
      if (answer === undefined || answer instanceof Error)
        throw answer ?? new KubeError(503, 'Unavailable', 'no list')
      return answer
    },
    async *watch(_kind, { resourceVersion, signal }) {
      calls.push(`watch ${resourceVersion}`)
      for (;;) {
        if (signal?.aborted === true) return
        const line = lines.shift()
        if (line === 'end') return
        if (line instanceof Error) throw line
        if (line !== undefined) yield line
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
            signal?.addEventListener('abort', () => resolve(), { once: true })
          })
        }
      }
    },
    get: unused,
    create: unused,
    apply: unused,
    tryApply: unused,
    applyStatus: unused,
    setFinalizers: unused,
    delete: unused,
    recordEvent: unused,
    serves: unused,
  }
  return {
    kube,
    lists,
    calls,
    send(line) {
      lines.push(line)
      wake()
    },
  }
}

/** An object with nothing but its identity and version. */
export function thing(name: string, resourceVersion: string, uid = name): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { namespace: 'acme', name, uid, resourceVersion },
  }
}
