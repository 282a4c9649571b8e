/** The daily partitions of `change`: made ahead of time, dropped when they are older than the retention. */

import { withClient, type Query } from './client.ts'
import type { Directory } from './database.ts'

export interface PartitionOptions {
  /** Days after today that have a partition. */
  readonly aheadDays: number
  /** Days before today whose changes are kept. */
  readonly retentionDays: number
}

export interface PartitionChanges {
  readonly created: readonly string[]
  readonly dropped: readonly string[]
}

const dayMs = 86_400_000
const partitionName = /^change_\d{8}$/

/**
 * Creates the partitions from today (UTC) to `aheadDays` later and drops those of days more than `retentionDays`
 * ago. Changes that came while their day had no partition are in the default one and move.
 *
 * Locks are waited for two seconds at most, since writers queue up behind the wait; the next call tries again.
 */
export async function maintainPartitions(
  owner: Directory,
  now: Date,
  options: PartitionOptions,
): Promise<PartitionChanges> {
  return withClient(owner, async (query) => ({
    created: await createPartitions(query, now, options.aheadDays),
    dropped: await dropPartitions(query, now, options.retentionDays),
  }))
}

/** Creates what is missing from today to `aheadDays` later; returns the names of the new ones. */
export async function createPartitions(query: Query, now: Date, aheadDays: number): Promise<string[]> {
  const existing = new Set(await partitions(query))
  const days = Array.from({ length: aheadDays + 1 }, (_, day) => new Date(now.getTime() + day * dayMs))
  const missing = days.filter((day) => !existing.has(nameOf(day)))
  for (const day of missing) await inBriefTransaction(query, createPartition(nameOf(day), day))
  return missing.map(nameOf)
}

async function dropPartitions(query: Query, now: Date, retentionDays: number): Promise<string[]> {
  const oldest = nameOf(new Date(now.getTime() - retentionDays * dayMs))
  const expired = (await partitions(query)).filter((name) => partitionName.test(name) && name < oldest)
  for (const name of expired) await inBriefTransaction(query, [`drop table ${name}`])
  return expired
}

function nameOf(day: Date): string {
  return `change_${isoDay(day).replaceAll('-', '')}`
}

function isoDay(day: Date): string {
  return day.toISOString().slice(0, 10)
}

/** Names of the partitions of `change`, the default one included. */
async function partitions(query: Query): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
     where inhparent = 'change'::regclass order by relname`,
  )
  return rows.map(({ name }) => name)
}

/**
 * `attach` instead of `create … partition of`: it does not lock the parent against reads and writes, only the
 * default partition, which must be searched for rows of that day.
 */
function createPartition(name: string, day: Date): readonly string[] {
  const from = `'${isoDay(day)}T00:00:00Z'`
  const to = `'${isoDay(new Date(day.getTime() + dayMs))}T00:00:00Z'`
  return [
    `create table ${name} (like change including all)`,
    `alter table ${name} enable row level security`,
    `alter table ${name} force row level security`,
    `create policy owner_sees_all on ${name} to current_user using (true) with check (true)`,
    // As on the partitions that the second migration found.
    `alter table ${name} alter column detail set statistics 0`,
    `lock table change_default in access exclusive mode`,
    `with moved as (delete from change_default where at >= ${from} and at < ${to} returning *)
     insert into ${name} select * from moved`,
    `alter table change attach partition ${name} for values from (${from}) to (${to})`,
  ]
}

async function inBriefTransaction(query: Query, statements: readonly string[]): Promise<void> {
  await query('begin')
  try {
    await query("set local lock_timeout = '2s'")
    for (const statement of statements) await query(statement)
    await query('commit')
  } catch (error) {
    await query('rollback')
    throw error
  }
}
