import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AssignmentQuery,
  type AssignmentRow,
  listAssignments,
  listingStatement,
} from '#directory/assignments.ts'
import { withClient } from '#directory/client.ts'
import { inTenant } from '#directory/tenant-scope.ts'
import { explainUser } from '#directory/explanation.ts'
import {
  type EvaluationDirectories,
  type EvaluationTenant,
  inGroup,
  newEvaluationTenant,
  openEvaluationDirectories,
  specOf,
} from '#test/kit/evaluation.ts'

let directories: EvaluationDirectories
beforeAll(async () => {
  directories = await openEvaluationDirectories()
})
afterAll(() => directories[Symbol.asyncDispose]())
const newTenant = () => newEvaluationTenant(directories)

const list = (t: EvaluationTenant, query: Omit<AssignmentQuery, 'limit'>, limit = 100) =>
  listAssignments(t.db.directory, t.tenant, { limit, ...query })

/** All pages of a question, and that none is empty but the last. */
async function pagesOf(t: EvaluationTenant, query: Omit<AssignmentQuery, 'limit'>, limit: number) {
  const rows: AssignmentRow[] = []
  for (;;) {
    const after = rows.at(-1)
    const page = await list(t, { ...query, ...(after && { after }) }, limit)
    rows.push(...page)
    if (page.length < limit) return rows
  }
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** Rows that the scans of a listing touch, as the role of the server. */
async function rowsVisited(t: EvaluationTenant, query: AssignmentQuery): Promise<number> {
  const { text, values } = listingStatement(t.tenant, query)
  const [row] = await inTenant(t.db.directory, t.tenant, {}, (scope) =>
    scope.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>({
      text: `explain (analyze, format json) ${text}`,
      values,
    }),
  )
  const visited = (node: PlanNode): number => {
    const own = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
    const scanned = node['Node Type'].includes('Scan') ? own * node['Actual Loops'] : 0
    return (node.Plans ?? []).map(visited).reduce((sum, rows) => sum + rows, scanned)
  }
  return visited(row!['QUERY PLAN'][0]!.Plan)
}

async function aPopulation() {
  const t = newTenant()
  const users: string[] = []
  for (let n = 0; n < 7; n += 1) users.push(await t.user(`user ${n}`, n % 2 === 0 ? { title: 'x' } : {}))
  const many = await t.policy(
    specOf('Many', { titled: [{ where: 'title pr' }, 'a', 'b'], all: [{ where: 'userName pr' }, 'b'] }),
  )
  const one = await t.policy(specOf('One', {}, 'b'))
  await t.settle()
  return { t, users, many, one }
}

describe('listing assignments', () => {
  test('pages of any size give every row once, in one order, whatever is asked', async () => {
    const { t, users, many } = await aPopulation()
    const questions = [
      {},
      { policy: many },
      { value: 'b' },
      { user: users[0]! },
      { policy: many, value: 'a' },
    ]
    for (const query of questions) {
      const all = await list(t, query)
      for (const size of [1, 2, 3, 100]) expect(await pagesOf(t, query, size)).toEqual(all)
    }
    expect(await list(t, {})).toHaveLength(4 * 2 + 3 + 7)
  })

  test('a question narrows by user, policy name or uid, and value, all at once', async () => {
    const { t, users, many, one } = await aPopulation()
    const [row] = await list(t, { user: users[0]!, policy: many, value: 'a' })
    expect(row).toEqual({
      policyId: many,
      policy: `policy-${many.slice(0, 8)}`,
      userId: users[0],
      value: 'a',
      rule: 'titled',
      since: expect.any(Date),
    })
    expect(await list(t, { policy: row!.policy })).toEqual(await list(t, { policy: many }))
    expect(await list(t, { policy: one, user: users[1]! })).toMatchObject([{ value: 'b', rule: null }])
  })

  test('what is not there gives nothing: users, policies, values, and texts that Postgres cannot hold', async () => {
    const { t } = await aPopulation()
    const nothing = [
      { user: 'nobody' },
      { user: randomUUID() },
      { policy: 'p' },
      { value: 'z' },
      { value: 'a\0' },
      { policy: '\0' },
    ]
    for (const query of nothing) expect(await list(t, query)).toEqual([])
    expect(await list(newTenant(), {})).toEqual([])
  })

  test('a page deep in many rows visits few of them', async () => {
    const { t, users, many } = await aPopulation()
    await inTenant(t.worker, t.tenant, {}, (scope) =>
      scope.query({
        text: `insert into assignment
          select $1, $2, user_id, 'v' || n, 'r', 1, now() from unnest($3::uuid[]) user_id, generate_series(1, 1000) n`,
        values: [t.tenant, many, users],
      }),
    )
    await withClient(t.owner.directory, (query) => query('analyze assignment'))
    const [first] = users.toSorted()
    const after = { policyId: many, userId: first!, value: 'v500' }
    for (const query of [{}, { policy: many }, { user: first! }, { value: 'v7' }]) {
      expect(await list(t, { ...query, after }, 5)).toHaveLength(5)
      expect(await rowsVisited(t, { ...query, after, limit: 5 })).toBeLessThan(30)
    }
  })
})

describe('explaining a user', () => {
  test('each policy says what is held, by which rule, and why each rule matches or not', async () => {
    const t = newTenant()
    const ann = await t.user('ann', { title: 'Contractor' })
    await t.group('Staff', [ann])
    const spec = specOf('One', {
      staff: [inGroup('Staff'), 'mac'],
      contractors: [{ where: 'title pr' }, 'pc'],
    })
    const policy = await t.policy(spec)
    await t.settle()
    expect(await explainUser(t.db.directory, t.tenant, { user: ann })).toEqual([
      {
        policyId: policy,
        policy: `policy-${policy.slice(0, 8)}`,
        generation: 1,
        evaluatedGeneration: 1,
        held: [{ value: 'mac', rule: 'staff' }],
        evaluation: {
          assignments: [{ value: 'mac', rule: 'staff' }],
          because: 'Rule "staff" is the first that matches.',
          rules: [
            { rule: 'staff', matched: true, applied: true, because: 'The user is in group "Staff".' },
            { rule: 'contractors', matched: true, applied: false, because: 'The user fulfils title pr.' },
          ],
        },
      },
    ])
  })

  test('what is still to be evaluated shows as a difference between held and judged', async () => {
    const t = newTenant()
    const ann = await t.user('ann')
    const policy = await t.policy(specOf('One', {}, 'mac'))
    const [waiting] = (await explainUser(t.db.directory, t.tenant, { user: ann, policy })) ?? []
    expect(waiting).toMatchObject({
      held: [],
      evaluatedGeneration: 0,
      evaluation: { assignments: [{ value: 'mac', rule: null }] },
    })
  })

  test('one policy can be asked for, by name or uid; nobody is explained who is no user of the tenant', async () => {
    const { t, users, many, one } = await aPopulation()
    const explain = (query: { user: string; policy?: string }) => explainUser(t.db.directory, t.tenant, query)
    expect(await explain({ user: users[0]!, policy: many })).toMatchObject([{ policyId: many }])
    expect(await explain({ user: users[0]!, policy: `policy-${one.slice(0, 8)}` })).toMatchObject([
      { policyId: one },
    ])
    expect(await explain({ user: users[0]!, policy: 'none' })).toEqual([])
    const group = await t.group('Staff')
    const other = await newTenant().user('ann')
    for (const user of [randomUUID(), 'ann', group, other]) expect(await explain({ user })).toBeUndefined()
  })
})
