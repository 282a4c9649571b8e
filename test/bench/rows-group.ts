/** Groups: members that come and go at growing sizes, a thousand at once, and a hundred changes at once. */
import { measure } from './measure.ts'
import { growing, thousands } from './row.ts'
import { seedGroups } from './seed.ts'
import { asOwner } from './sql.ts'

import type { LoadPlan } from './load.ts'
import type { Bench, Row } from './row.ts'
import type { Side } from './world.ts'

const patchOf = (operation: string): string =>
  `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[${operation}]}`
const addOne = patchOf('{"op":"add","path":"members","value":[{"value":"{value}"}]}')
const removeOne = patchOf('{"op":"remove","path":"members[value eq \\"{value}\\"]"}')
const addMany = patchOf('{"op":"add","path":"members","value":[{value}]}')

const patch = (side: Side, groups: readonly string[], body: LoadPlan['body']): LoadPlan => ({
  ...side.plan(
    'PATCH',
    groups.map((id) => `/Groups/${id}`),
  ),
  ...(body === undefined ? {} : { body }),
  expectedStatus: 204,
})

/** Groups of a size; more of them than clients, so that what is measured is no queue for one row. */
const groupsPerSize = 32
const memberSizes = [10, 100, 1000, 10_000, 100_000]
/** Users that join and leave while it is measured. */
const joiners = 500

const largest = ({ sizes }: Bench) => sizes.at(-1) ?? sizes[0]

const memberRow = (name: string, template: string, isRemoval: boolean): Row => ({
  name,
  async run(bench) {
    const { tenant, userIds } = largest(bench)
    const room = userIds.length - joiners
    const values = userIds.slice(-joiners)
    const series = []
    for (const size of memberSizes.filter((one) => one <= Math.max(room, 10))) {
      const members = [...new Set([...userIds.slice(0, size), ...(isRemoval ? values : [])])]
      const count = size >= 100_000 ? groupsPerSize / 4 : groupsPerSize
      const groups = await seedGroups(bench.world.ownerUrl, tenant, { count, members })
      series.push({
        what: `PATCH group, ${name}, ${thousands(size)} members`,
        plan: patch(tenant, groups, { template, values }),
      })
    }
    return growing({ ...bench, clients: Math.min(bench.clients, 4) }, 1.2, series)
  },
})

const chunk = 1000

const addThousand: Row = {
  name: 'add a thousand members',
  async run(bench) {
    const { tenant, userIds } = bench.shared
    const size = Math.min(chunk, userIds.length)
    const values = Array.from({ length: Math.floor(userIds.length / size) }, (_, index) =>
      userIds
        .slice(index * size, (index + 1) * size)
        .map((value) => JSON.stringify({ value }))
        .join(','),
    )
    // Rounds end early when the values are used up.
    const count = Math.max(20, Math.ceil(200 / values.length))
    const groups = await seedGroups(bench.world.ownerUrl, tenant, { count, members: [], isBare: true })
    const body = { template: addMany, values }
    const plans = [patch(tenant, groups, body), patch(bench.world.bare, groups, body)]
    const [product, bare] = await measure(plans, { ...bench, clients: 1 })
    if (product === undefined || bare === undefined) throw new Error('nothing was measured')
    const ratio = product.p50Ms / bare.p50Ms
    const what = `PATCH group, add ${thousands(size)} members`
    return [
      { what, measured: ratio.toFixed(2), target: '<= 2 x bare insert', isMet: ratio <= 2, product, bare },
    ]
  },
}

const parallel = 100

const hundredAtOnce: Row = {
  name: '100 parallel PATCHes on one group',
  async run(bench) {
    const { tenant, userIds } = bench.shared
    const [group = ''] = await seedGroups(bench.world.ownerUrl, tenant, { count: 1, members: [] })
    const { origin, method, headers, paths } = tenant.plan('PATCH', [`/Groups/${group}`])
    const statuses = await Promise.all(
      userIds.slice(0, parallel).map(async (value) => {
        const body = addOne.replace('{value}', value)
        return (await fetch(`${origin}${paths[0] ?? ''}`, { method, headers, body })).status
      }),
    )
    const errors = statuses.filter((status) => status !== 204).length
    const [row] = await asOwner<{ count: string }>(
      bench.world.ownerUrl,
      'select count(*) from membership where tenant_id = $1 and group_id = $2',
      [tenant.id, group],
    )
    const lost = statuses.length - errors - Number(row?.count)
    return [
      {
        what: `${statuses.length} parallel PATCHes on one group`,
        measured: `${lost} lost, ${errors} errors`,
        target: '0 lost, 0 errors',
        isMet: lost === 0 && errors === 0,
      },
    ]
  },
}

export const groupRows: readonly Row[] = [
  memberRow('add one member', addOne, false),
  memberRow('remove one member', removeOne, true),
  addThousand,
  hundredAtOnce,
]
