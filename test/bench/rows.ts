/** What is measured: a new row is a new entry here. */
import { seedGroups, user } from './seed.ts'

import type { LoadPlan } from './load.ts'
import type { Pair } from './measure.ts'
import type { World } from './world.ts'

export interface Row {
  readonly name: string
  /** The least share of the bare throughput that is good enough. */
  readonly target?: number
  /** Makes what the row needs, and says what is sent to each of the two. */
  readonly prepare: (world: World, userIds: readonly string[]) => Promise<Pair<LoadPlan>>
}

const addMember = JSON.stringify({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'add', path: 'members', value: [{ value: '{value}' }] }],
})

/** Many groups, so that none grows much while it is measured. */
const addMemberRow = (size: number, count: number): Row => ({
  name: `PATCH group, add one member to ${size.toLocaleString('en')}`,
  async prepare({ product, bare, ...world }, userIds) {
    const groups = await seedGroups({ product, bare, ...world }, userIds, { size, count })
    const paths = groups.map((id) => `/Groups/${id}`)
    const body = { template: addMember, values: userIds.slice(size) }
    return {
      product: { ...product.plan('PATCH', paths), body, expectedStatus: 204 },
      bare: { ...bare.plan('PATCH', paths), body, expectedStatus: 204 },
    }
  },
})

export const rows: readonly Row[] = [
  {
    name: 'GET user by id',
    target: 0.9,
    async prepare({ product, bare }, userIds) {
      const paths = userIds.map((id) => `/Users/${id}`)
      return {
        product: { ...product.plan('GET', paths), expectedStatus: 200 },
        bare: { ...bare.plan('GET', paths), expectedStatus: 200 },
      }
    },
  },
  {
    name: 'POST user',
    target: 0.7,
    async prepare({ product, bare }) {
      const body = { template: JSON.stringify(user) }
      return {
        product: { ...product.plan('POST', ['/Users']), body, expectedStatus: 201 },
        bare: { ...bare.plan('POST', ['/Users']), body, expectedStatus: 201 },
      }
    },
  },
  addMemberRow(10, 1000),
  addMemberRow(1000, 20),
  addMemberRow(10_000, 4),
]
