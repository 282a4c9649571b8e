import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PolicySpecCore } from '#assignment/rule.ts'
import { whereProblem } from '#assignment/where.ts'
import { compare } from '#assignment/compare.ts'
import { withClient } from '#directory/client.ts'
import { printFilter } from '#scim/filter/print.ts'
import { userType } from '#scim/resource-types.ts'
import type { ResourceData } from '#scim/resource.ts'
import {
  type EvaluationDirectories,
  type EvaluationTenant,
  newEvaluationTenant,
  openEvaluationDirectories,
} from '#test/kit/evaluation.ts'
import { arbitraryFilter, arbitraryUserData } from '#test/kit/scim-arbitraries.ts'

let directories: EvaluationDirectories
beforeAll(async () => {
  directories = await openEvaluationDirectories()
})
afterAll(() => directories[Symbol.asyncDispose]())

const groupNames = ['Staff', 'Board', 'Größe', 'External', 'Later'] as const
const values = ['a', 'b', 'c', 'ß']

const wheres = arbitraryFilter(userType)
  .map(printFilter)
  .filter((text) => text.length <= 1024 && whereProblem(text) === undefined)

const selectors = fc.uniqueArray(
  fc.oneof(
    fc.record({ displayName: fc.constantFrom(...groupNames, 'STAFF') }),
    fc.record({ externalId: fc.constantFrom('x0', 'x1', 'x2') }),
  ),
  { minLength: 1, maxLength: 3, selector: (selector) => JSON.stringify(selector) },
)

const rules = fc
  .array(
    fc.record({
      match: fc
        .record(
          { anyGroup: selectors, allGroups: selectors, noGroup: selectors, where: wheres },
          { requiredKeys: [] },
        )
        .filter((match) => Object.keys(match).length > 0),
      assign: fc.subarray(values, { minLength: 1 }),
    }),
    { maxLength: 6 },
  )
  .map((list) => list.map((rule, n) => ({ name: `rule ${n}`, ...rule })))

const specs: fc.Arbitrary<PolicySpecCore> = fc.oneof(
  fc.record({ cardinality: fc.constant('Many' as const), rules }),
  fc.record({ cardinality: fc.constant('One' as const), rules, default: fc.constant('none') }),
  fc.record({ cardinality: fc.constant('One' as const), rules }),
)

const people = fc.array(fc.record({ data: arbitraryUserData(), groups: fc.subarray([...groupNames]) }), {
  minLength: 1,
  maxLength: 12,
})

/** Users are told apart by userName, which the arbitrary document leaves to chance. */
const named = (data: ResourceData, n: number): ResourceData => ({ ...data, userName: `user ${n}` })

test('SQL gives every user what the pure evaluator gives, whatever the users, groups and rules', async () => {
  await fc.assert(
    fc.asyncProperty(
      people,
      fc.array(specs, { minLength: 1, maxLength: 3 }),
      async (population, policies) => {
        const t = newEvaluationTenant(directories)
        const ids = await Promise.all(population.map(({ data }, n) => t.user(`user ${n}`, named(data, n))))
        for (const [n, name] of groupNames.slice(0, 4).entries()) {
          const members = ids.filter((_, user) => population[user]!.groups.includes(name))
          await t.group(name, members, { externalId: `x${n % 3}` })
        }
        for (const spec of policies) await t.policy(spec)
        await t.settle(5)
        expect(await t.differences()).toEqual([])
      },
    ),
    { numRuns: 20 },
  )
})

/** What may happen to a tenant; numbers choose among what is there at the moment. */
const events = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('user' as const), data: arbitraryUserData() }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('change' as const), at: fc.nat(), data: arbitraryUserData() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteUser' as const), at: fc.nat() }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('group' as const), name: fc.constantFrom(...groupNames) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('rename' as const),
        at: fc.nat(),
        name: fc.constantFrom(...groupNames),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteGroup' as const), at: fc.nat() }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom('join' as const, 'leave' as const),
        at: fc.nat(),
        who: fc.nat(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('policy' as const), spec: specs }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('removePolicy' as const), at: fc.nat() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('pending' as const, 'pass' as const),
        limit: fc.integer({ min: 1, max: 4 }),
      }),
    },
  ),
  { minLength: 10, maxLength: 40 },
)
type TenantEvent = typeof events extends fc.Arbitrary<readonly (infer One)[]> ? One : never

type EventOf<Kind extends TenantEvent['kind']> = Extract<TenantEvent, { readonly kind: Kind }>

/** The tenant as its events have made it so far. */
class World {
  readonly #t: EvaluationTenant
  readonly #users: string[] = []
  readonly #groups: string[] = []
  readonly #policies: { readonly id: string; generation: number }[] = []
  #created = 0

  constructor(t: EvaluationTenant) {
    this.#t = t
  }

  happen(event: TenantEvent): Promise<unknown> {
    switch (event.kind) {
      case 'user':
        return this.#addUser(event.data)
      case 'change':
      case 'deleteUser':
        return this.#userEvent(event)
      case 'group':
        // A name that is taken is refused, as the server would.
        return this.#t.group(event.name).then((id) => this.#groups.push(id), ignoreConflict)
      case 'rename':
      case 'deleteGroup':
      case 'join':
      case 'leave':
        return this.#groupEvent(event)
      case 'policy':
        return this.#putPolicy(event.spec)
      case 'removePolicy':
        return this.#removePolicy(event.at)
      case 'pending':
      case 'pass':
        return this.#t[event.kind](event.limit)
    }
  }

  async #addUser(data: ResourceData): Promise<void> {
    const userName = `user ${(this.#created += 1)}`
    this.#users.push(await this.#t.user(userName, { ...data, userName }))
  }

  async #userEvent(event: EventOf<'change' | 'deleteUser'>): Promise<void> {
    const user = this.#users[event.at % this.#users.length]
    if (user === undefined) return
    if (event.kind === 'change') {
      const { userName: _, ...changes } = event.data
      return this.#t.changeUser(user, changes)
    }
    await this.#t.deleteUser(user)
    this.#users.splice(this.#users.indexOf(user), 1)
  }

  async #groupEvent(event: EventOf<'rename' | 'deleteGroup' | 'join' | 'leave'>): Promise<void> {
    const group = this.#groups[event.at % this.#groups.length]
    if (group === undefined) return
    if (event.kind === 'rename') return this.#t.renameGroup(group, event.name).catch(ignoreConflict)
    if (event.kind === 'deleteGroup') {
      await this.#t.deleteGroup(group)
      this.#groups.splice(this.#groups.indexOf(group), 1)
      return
    }
    const who = this.#users[event.who % this.#users.length]
    if (who !== undefined) await this.#t[event.kind](group, who)
  }

  async #removePolicy(at: number): Promise<void> {
    const [policy] = this.#policies.splice(at % (this.#policies.length || 1), 1)
    if (policy !== undefined) await this.#t.removePolicy(policy.id)
  }

  /** The first two are new, later ones change the older of them. */
  async #putPolicy(spec: PolicySpecCore): Promise<void> {
    if (this.#policies.length < 2) {
      this.#policies.push({ id: await this.#t.policy(spec), generation: 1 })
      return
    }
    const [policy] = this.#policies
    policy!.generation += 1
    await this.#t.policy(spec, policy!.id, policy!.generation)
  }
}

const ignoreConflict = (error: unknown): void => {
  if (!(error instanceof Error && 'status' in error && error.status === 409)) throw error
}

/** Asks for a pass over everybody by the policies as they are, with the pins they have. */
async function startPasses({ owner, tenant }: EvaluationTenant): Promise<void> {
  await withClient(owner.directory, (query) =>
    query(
      `update policy_state set progress =
        jsonb_build_object('generation', generation, 'after', null, 'evaluated', 0, 'total', 0) where tenant_id = $1`,
      [tenant],
    ),
  )
}

test('after any order of changes, evaluated piece by piece, evaluating everybody anew changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(events, async (happened) => {
      const t = newEvaluationTenant(directories)
      const world = new World(t)
      for (const event of happened) await world.happen(event)
      await t.settle(3)
      expect(await t.differences()).toEqual([])
      const before = await t.assignments()
      await startPasses(t)
      await t.settle()
      expect(compare(before, await t.assignments())).toEqual({ granted: [], revoked: [], kept: before })
    }),
    { numRuns: 20 },
  )
})
