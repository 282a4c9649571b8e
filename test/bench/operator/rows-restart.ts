/** A new operator in place of one that ends: how soon it knows everything, looks at everything, and what it writes. */

import { cpuDuring, fill, secondsText, thousands } from './row.ts'
import { memoryNow } from './rows-rest.ts'

import type { OperatorProcess } from './operator-process.ts'
import type { Bench, Row } from './row.ts'

export const restarted: Row = {
  name: 'restart',
  async run(bench) {
    const { world, many } = bench
    await fill(bench, many)
    const all = `${thousands(world.population.size)} integrations`
    await world.operator.child.stop()
    const writesBefore = await world.writes()
    world.operator = await world.startOperator()
    const { operator } = world
    await operator.child.untilReady()
    const syncedMs = performance.now() - operator.startedMs
    await operator.child.untilSaid('leading')
    const leadingMs = performance.now()
    const { result: seenMs, cpu } = await cpuDuring(world, () =>
      operator.untilReconciled(world.population.size),
    )
    await operator.untilCalm()
    const lookedMs = seenMs - leadingMs
    const writes = (await world.writes()) - writesBefore
    return [
      {
        what: `restart until its caches are in sync, ${all}`,
        measured: secondsText(syncedMs),
        target: '<= 15 s',
        isMet: syncedMs <= 15_000,
      },
      {
        what: `full look at ${all} of which nothing changed`,
        measured: secondsText(lookedMs),
        target: '<= 60 s',
        isMet: lookedMs <= 60_000,
        cpu,
      },
      {
        what: 'writes to the API server by restart and full look',
        measured: String(writes),
        target: '0',
        isMet: writes === 0,
      },
      memoryNow(bench, `${all}, after the full look`, 300),
    ]
  },
}

/** From now until another one leads. */
const takeover = async (bench: Bench, end: (operator: OperatorProcess) => void): Promise<number> => {
  const { world } = bench
  const next = await world.startOperator()
  await next.child.untilReady()
  const startedMs = performance.now()
  end(world.operator)
  await next.child.untilSaid('leading')
  const ms = performance.now() - startedMs
  await world.operator.child.ended()
  world.operator = next
  return ms
}

export const failover: Row = {
  name: 'failover',
  async run(bench) {
    await fill(bench, bench.many)
    const all = `${thousands(bench.world.population.size)} integrations`
    const told = await takeover(bench, ({ child }) => child.terminate())
    await bench.world.operator.untilReconciled(bench.world.population.size)
    await bench.world.operator.untilCalm()
    const killed = await takeover(bench, ({ child }) => child.signal('SIGKILL'))
    return [
      {
        what: `leader told to stop until the other one leads, ${all}`,
        measured: secondsText(told),
        target: '<= 3 s',
        isMet: told <= 3_000,
      },
      {
        what: `leader killed until the other one leads, ${all}`,
        measured: secondsText(killed),
        target: '<= 20 s',
        isMet: killed <= 20_000,
      },
    ]
  },
}
