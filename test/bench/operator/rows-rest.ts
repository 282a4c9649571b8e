/** What the operator holds when nothing happens: memory, file descriptors, CPU. */

import { setTimeout as sleep } from 'node:timers/promises'

import { memoryMB } from '#test/bench/usage.ts'

import { descriptorsOf } from './operator-process.ts'
import { cpuDuring, fill, thousands } from './row.ts'

import type { Bench, Finding, Row } from './row.ts'

const unknown = 'not known on this system'

export const memoryNow = ({ world }: Bench, what: string, mostMB: number): Finding => {
  const megabytes = memoryMB(world.operator.pid)
  return {
    what: `memory of the operator, ${what}`,
    measured: megabytes === undefined ? unknown : `${megabytes.toFixed(0)} MB`,
    target: `<= ${mostMB} MB`,
    ...(megabytes === undefined ? {} : { isMet: megabytes <= mostMB }),
  }
}

const held = (bench: Bench): string => `${thousands(bench.world.population.size)} integrations`

export const memoryOfNone: Row = {
  name: 'memory of none',
  async run(bench) {
    await bench.world.operator.untilCalm()
    return [memoryNow(bench, held(bench), 160)]
  },
}

export const memoryOfFew: Row = {
  name: 'memory of few',
  async run(bench) {
    await fill(bench, bench.few)
    return [memoryNow(bench, held(bench), 190)]
  },
}

const mostIdleShare = 0.02
const mostDescriptors = 100

export const rest: Row = {
  name: 'rest at many',
  async run(bench) {
    await fill(bench, bench.many)
    const { world, idleSeconds } = bench
    const startedMs = performance.now()
    const { cpu } = await cpuDuring(world, () => sleep(idleSeconds * 1000))
    const share = cpu && cpu.operator / ((performance.now() - startedMs) / 1000)
    const descriptors = descriptorsOf(world.operator.pid)
    return [
      {
        what: `CPU of the operator at rest for ${idleSeconds} s, ${held(bench)}`,
        measured: share === undefined ? unknown : `${(share * 100).toFixed(1)} % of a core`,
        target: '<= 2 %',
        ...(share === undefined ? {} : { isMet: share <= mostIdleShare }),
        cpu,
      },
      {
        what: `file descriptors of the operator, ${held(bench)}`,
        measured: descriptors === undefined ? unknown : String(descriptors),
        target: `<= ${mostDescriptors}`,
        ...(descriptors === undefined ? {} : { isMet: descriptors <= mostDescriptors }),
      },
    ]
  },
}
