/** How many rows a statement reads, by the plan that Postgres has used. */

import { escapeLiteral } from 'pg'
import type { Statement } from '#directory/statement.ts'
import type { TenantScope } from '#directory/tenant-scope.ts'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly 'Index Name'?: string
  readonly Plans?: readonly PlanNode[]
}

export interface Visits {
  /** Rows of the result. */
  readonly returned: number
  /** Rows that scans gave or looked at and threw away, over all of their loops. */
  readonly visited: number
  /** The scans, one a line, for the message of a test that fails. */
  readonly scans: string
}

/** Runs the statement as it is sent, without a name: planned for its values. */
export function visitsOf(scope: TenantScope, { text, values }: Statement): Promise<Visits> {
  return explained(scope, { text: `explain (analyze, format json) ${text}`, values })
}

/** Runs it by the plan that Postgres keeps for a prepared statement, made without knowing the values. */
export async function preparedVisitsOf(scope: TenantScope, { text, values }: Statement): Promise<Visits> {
  const settings = `set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off`
  for (const setting of settings.split('; ')) await scope.query({ text: setting, values: [] })
  await scope.query({ text: `prepare listing as ${text}`, values: [] })
  const literals = values.map((value) => (value === null ? 'null' : escapeLiteral(textOf(value))))
  const visits = await explained(scope, {
    text: `explain (analyze, format json) execute listing(${literals.join(', ')})`,
    values: [],
  })
  await scope.query({ text: 'deallocate listing', values: [] })
  return visits
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  return JSON.stringify(value)
}

async function explained(scope: TenantScope, statement: Statement): Promise<Visits> {
  const [row] = await scope.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(statement)
  if (row === undefined) throw new Error('There is no plan')
  const [{ Plan: root }] = row['QUERY PLAN']
  const scans = scansOf(root)
  return {
    returned: root['Actual Rows'],
    visited: scans.reduce((sum, node) => sum + visitedBy(node), 0),
    scans: scans
      .map((node) => `${String(visitedBy(node))} ${node['Node Type']} ${node['Index Name'] ?? ''}`)
      .join('\n'),
  }
}

/** Scans of tables, indexes and functions; a scan of a subquery or CTE shows again what was counted below. */
function scansOf(node: PlanNode): readonly PlanNode[] {
  const isScan =
    node['Node Type'].endsWith('Scan') && !['Subquery Scan', 'CTE Scan'].includes(node['Node Type'])
  return [...(isScan ? [node] : []), ...(node.Plans ?? []).flatMap(scansOf)]
}

function visitedBy(node: PlanNode): number {
  const rows =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
  return Math.round(rows * node['Actual Loops'])
}
