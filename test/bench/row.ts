/** What a row of the bench is, and what it finds. */
import { measure } from './measure.ts'

import type { LoadPlan } from './load.ts'
import type { Cpu, Figures } from './measure.ts'
import type { Tenant, World } from './world.ts'

/** A tenant with users, and their ids in order. */
export interface Populated {
  readonly tenant: Tenant
  readonly userIds: readonly string[]
}

/** What rows get: the world, the seeded tenants, and how long to measure. */
export interface Bench {
  readonly world: World
  /** By number of users, ascending; at least one. */
  readonly sizes: readonly [Populated, ...Populated[]]
  /** The one whose users are in the bare table too. */
  readonly shared: Populated
  readonly clients: number
  readonly seconds: number
  readonly cpu: () => Cpu | undefined
}

export interface Finding {
  readonly what: string
  /** The ratio or the figure that has a target. */
  readonly measured: string
  readonly target: string
  /** Undefined when there is nothing to meet: the row is reported for comparison. */
  readonly isMet?: boolean
  readonly product?: Figures
  readonly bare?: Figures
}

export interface Row {
  readonly name: string
  run(bench: Bench): Promise<readonly Finding[]>
}

export const thousands = (count: number): string => count.toLocaleString('en')

/** Product against bare: the share of its throughput. */
export const against = async (
  bench: Bench,
  what: string,
  least: number,
  plans: { readonly product: LoadPlan; readonly bare: LoadPlan },
): Promise<readonly Finding[]> => {
  const [product, bare] = await measure([plans.product, plans.bare], bench)
  if (product === undefined || bare === undefined) throw new Error('nothing was measured')
  const ratio = product.requestsPerSecond / bare.requestsPerSecond
  const isMet = ratio >= least
  return [
    { what, measured: ratio.toFixed(2), target: `>= ${least} of bare throughput`, isMet, product, bare },
  ]
}

export interface Sized {
  readonly what: string
  readonly plan: LoadPlan
}

/** The same at growing sizes: the p95 of each in relation to the first. */
export const growing = async (
  bench: Bench,
  most: number,
  series: readonly Sized[],
): Promise<readonly Finding[]> => {
  const figures = await measure(
    series.map(({ plan }) => plan),
    bench,
  )
  const first = figures[0]?.p95Ms ?? Number.NaN
  return figures.map((product, index) => {
    const what = series[index]?.what ?? ''
    if (index === 0) return { what, measured: '1.00', target: 'the measure of the next', product }
    const ratio = product.p95Ms / first
    return { what, measured: ratio.toFixed(2), target: `p95 <= ${most} x`, isMet: ratio <= most, product }
  })
}
