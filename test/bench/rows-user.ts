/** Users: reads and writes against bare Express + pg, lookups and list pages at growing sizes. */
import { against, growing, thousands } from './row.ts'
import { user } from './seed.ts'

import type { LoadPlan } from './load.ts'
import type { Populated, Row } from './row.ts'
import type { Side } from './world.ts'

/** Enough different ones that nothing is answered from a cache of one row. */
const lookups = 5000

const get = (side: Side, paths: readonly string[]): LoadPlan => ({
  ...side.plan('GET', paths),
  expectedStatus: 200,
})

const filterPath = (filter: string): string => `/Users?filter=${encodeURIComponent(filter)}`

/** Numbers of users, spread over all of them. */
const spread = ({ userIds }: Populated): readonly number[] => {
  const count = Math.min(lookups, userIds.length)
  return Array.from({ length: count }, (_, index) => Math.floor((index * userIds.length) / count))
}

const lookup = (name: string, filterOf: (n: number) => string): Row => ({
  name: `filter ${name}`,
  run: (bench) =>
    growing(
      bench,
      1.2,
      bench.sizes.map((one) => ({
        what: `filter \`${name}\`, ${thousands(one.userIds.length)} users`,
        plan: get(
          one.tenant,
          spread(one).map((n) => filterPath(filterOf(n))),
        ),
      })),
    ),
})

const pageSize = 100

/** The path of the page that begins near a share of the list; cursors are got by walking there. */
const cursorAt = async ({ tenant, userIds }: Populated, share: number): Promise<string> => {
  const steps = Math.max(1, Math.floor((userIds.length * share) / pageSize))
  let path = `/Users?cursor&count=${pageSize}`
  for (let step = 0; step < steps; step += 1) {
    const { origin, headers, paths } = tenant.plan('GET', [path])
    const answer = await (await fetch(`${origin}${paths[0] ?? ''}`, { headers })).text()
    const next = /"nextCursor":"([^"]+)"/.exec(answer)?.[1]
    if (next === undefined) return path
    path = `/Users?cursor=${encodeURIComponent(next)}&count=${pageSize}`
  }
  return path
}

const page = (where: string, share: number): Row => ({
  name: `list page at the ${where}`,
  async run(bench) {
    const series = []
    for (const one of bench.sizes) {
      const what = `list page of ${pageSize} at the ${where}, ${thousands(one.userIds.length)} users`
      series.push({ what, plan: get(one.tenant, [await cursorAt(one, share)]) })
    }
    return growing(bench, 1.5, series)
  },
})

export const userRows: readonly Row[] = [
  {
    name: 'GET user by id',
    run: (bench) => {
      const paths = bench.shared.userIds.map((id) => `/Users/${id}`)
      const plans = { product: get(bench.shared.tenant, paths), bare: get(bench.world.bare, paths) }
      return against(bench, 'GET user by id', 0.9, plans)
    },
  },
  {
    name: 'GET user by userName',
    run: (bench) => {
      const paths = spread(bench.shared).map((n) => filterPath(`userName eq "bench-s${n}@example.com"`))
      const plans = { product: get(bench.shared.tenant, paths), bare: get(bench.world.bare, paths) }
      return against(bench, 'filter `userName eq`', 0.9, plans)
    },
  },
  {
    name: 'POST user',
    run: (bench) => {
      const body = { template: JSON.stringify(user) }
      const post = (side: Side): LoadPlan => ({ ...side.plan('POST', ['/Users']), body, expectedStatus: 201 })
      const plans = { product: post(bench.shared.tenant), bare: post(bench.world.bare) }
      return against(bench, 'POST user', 0.7, plans)
    },
  },
  lookup('userName eq', (n) => `userName eq "bench-s${n}@example.com"`),
  lookup('externalId eq', (n) => `externalId eq "bench-s${n}"`),
  lookup(
    'emails[type eq "work"].value eq',
    (n) => `emails[type eq "work"].value eq "bench-s${n}@example.com"`,
  ),
  page('start', 0),
  page('middle', 0.5),
]
