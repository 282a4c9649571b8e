/**
 * Tells that all is up, and whatever changes then: `ready.json` for programs, lines on the terminal for people.
 */
import { rm } from 'node:fs/promises'

import { isCurrent, isSettled, listIntegrations, readyEntry } from './integrations.ts'
import { writeAtomically } from './kube-folder/atomic-file.ts'
import { integrationLines, summary } from './summary.ts'

import type { KubeFolder } from './kube-folder.ts'
import type { SummaryFacts } from './summary.ts'

export interface AnnounceOptions {
  readonly kube: KubeFolder
  /** Path of ready.json. */
  readonly file: string
  readonly facts: SummaryFacts
  readonly print: (text: string) => void
  readonly onError: (error: unknown) => void
}

/** Changes come in bursts. */
const gatherMs = 50

/** How long integrations are waited for that the operator has looked at, and that it has not, before all is told. */
const patienceMs = { settled: 3_000, unsettled: 15_000 }
const askAgainMs = 500

/** Follows the objects until disposed, which removes the file. */
export const announce = (options: AnnounceOptions): AsyncDisposable => {
  const { kube, file, facts, print, onError } = options
  const startedMs = performance.now()
  let isUp = false
  let written = ''
  let said: ReadonlyMap<string, string> = new Map()
  let timer: NodeJS.Timeout | undefined
  let last: Promise<void> = Promise.resolve()

  const tell = async (): Promise<void> => {
    const integrations = await listIntegrations(kube)
    const places = { kubernetes: facts.kubernetes, scimPort: facts.ports.scim }
    const entries = await Promise.all(integrations.map((found) => readyEntry(kube, found, places)))
    const limitMs = integrations.every(isSettled) ? patienceMs.settled : patienceMs.unsettled
    const isComplete = integrations.every((found, index) => isCurrent(found, entries[index]))
    if (!isUp && !isComplete && performance.now() - startedMs < limitMs) return soon(askAgainMs)
    const ready = { ports: facts.ports, integrations: entries.filter((entry) => entry !== undefined) }
    const text = `${JSON.stringify(ready, undefined, 2)}\n`
    if (text !== written) await writeAtomically(file, text)
    written = text
    const lines = new Map(
      integrations.map((found, index) => [
        `${found.metadata.namespace}/${found.metadata.name}`,
        integrationLines(found, entries[index], facts),
      ]),
    )
    if (isUp) {
      for (const [name, line] of lines) if (said.get(name) !== line) print(`${line}\n`)
      for (const name of said.keys()) if (!lines.has(name)) print(`${name} is gone\n`)
    } else print(summary([...lines.values()], facts))
    said = lines
    isUp = true
  }
  const soon = (waitMs: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      last = last.then(tell).catch(onError)
    }, waitMs)
  }
  const subscription = kube.subscribe(() => soon(gatherMs))
  soon(gatherMs)
  return {
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]()
      clearTimeout(timer)
      await last
      await rm(file, { force: true })
    },
  }
}
