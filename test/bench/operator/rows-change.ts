/** Changes: many integrations at once until all are Ready, and one edit until it is in force. */

import { setTimeout as sleep } from 'node:timers/promises'

import { scimIntegration } from '#operator/api/scim-integration.ts'
import { percentile } from '#test/kit/percentile.ts'
import { z } from 'zod'

import { cpuDuring, fill, secondsText, thousands } from './row.ts'
import { memoryNow } from './rows-rest.ts'
import { benchNamespace, edits } from './ways.ts'

import type { Row } from './row.ts'
import type { Way } from './ways.ts'

const described: Readonly<Record<Way, string>> = {
  Shared: '`Shared` endpoints',
  HTTPRoute: 'HTTPRoutes that a gateway accepts',
}

const path = `/apis/${scimIntegration.apiVersion}/namespaces/${benchNamespace}/${scimIntegration.plural}`
/** As people edit: not all at the same moment. */
const betweenEditsMs = 20

const created = (way: Way): Row => ({
  name: `create ${way}`,
  async run({ world, few }) {
    const { result: ms, cpu } = await cpuDuring(world, () => world.population.add(few, way))
    await world.operator.untilCalm()
    return [
      {
        what: `${thousands(few)} integrations created until all are Ready, ${described[way]}`,
        measured: `${secondsText(ms)}, ${Math.round((few * 60_000) / ms)} a minute`,
        target: '<= 60 s for 1,000',
        // A few say nothing of a thousand: the first ones find the code cold.
        ...(few < 1000 ? {} : { isMet: ms <= 60 * few }),
        cpu,
      },
    ]
  },
})

const Edited = z.object({ metadata: z.object({ generation: z.int() }) })

/** Edits one after the other, each of another integration; how long each took until it was Ready again. */
const edited = (way: Way): Row => ({
  name: `edit ${way}`,
  async run(bench) {
    const { world } = bench
    await fill(bench, 2 * bench.few)
    if (world.population.names(way).length === 0) await world.population.add(1, way)
    const names = world.population.names(way)
    const durationsMs: number[] = []
    const { cpu } = await cpuDuring(world, async () => {
      for (let edit = 0; edit < bench.edits; edit += 1) {
        const name = names[Math.floor((edit * names.length) / bench.edits)] ?? ''
        const startedMs = performance.now()
        const answer = await world.call({
          method: 'PATCH',
          path: `${path}/${name}`,
          contentType: 'application/merge-patch+json',
          body: { spec: edits[way](name, edit) },
        })
        const { generation } = Edited.parse(JSON.parse(answer)).metadata
        durationsMs.push((await world.population.ready(name, generation)) - startedMs)
        await sleep(betweenEditsMs)
      }
    })
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(durationsMs, share))
    return [
      {
        what: `one edit until Ready, ${described[way]}, ${thousands(world.population.size)} integrations`,
        measured: `p50 ${p50?.toFixed(0)} ms, p95 ${p95?.toFixed(0)} ms, p99 ${p99?.toFixed(0)} ms`,
        target: 'p50 <= 150 ms, p95 <= 500 ms, p99 <= 1 s',
        isMet: Number(p50) <= 150 && Number(p95) <= 500 && Number(p99) <= 1000,
        cpu,
      },
    ]
  },
})

/** Not one of the targets, but the way to the rows that follow. */
const grown: Row = {
  name: 'grow',
  async run(bench) {
    const { world, many } = bench
    const missing = many - world.population.size
    if (missing <= 0) return []
    const { result: ms, cpu } = await cpuDuring(world, () => world.population.add(missing, 'Shared'))
    await world.operator.untilCalm()
    return [
      {
        what: `${thousands(missing)} more, ${thousands(many)} in all, ${described.Shared}`,
        measured: `${secondsText(ms)}, ${Math.round((missing * 60_000) / ms)} a minute`,
        target: '',
        cpu,
      },
      memoryNow(bench, `${thousands(many)} integrations, just made`, 300),
    ]
  },
}

export const createdShared = created('Shared')
export const createdRoutes = created('HTTPRoute')
export const editRows = [edited('Shared'), edited('HTTPRoute')]
export const grownRow = grown
