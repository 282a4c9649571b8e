/** What the worker may do with graphile-worker's tables, which it guards by row-level security without policies. */

import type { Query } from './client.ts'
import { workerRole } from './roles.ts'

const policyName = 'scim_worker_works'

/**
 * Gives `scim_worker` the job tables. Run after each of graphile-worker's migrations, since those may bring new
 * tables; run again it changes nothing. `scim_app` gets nothing: it enqueues through `enqueue_evaluation`.
 */
export async function grantJobs(query: Query): Promise<void> {
  await query(`grant usage on schema graphile_worker to ${workerRole}`)
  await query(`grant select, insert, update, delete on all tables in schema graphile_worker to ${workerRole}`)
  await query(`grant usage on all sequences in schema graphile_worker to ${workerRole}`)
  await query(`grant execute on all functions in schema graphile_worker to ${workerRole}`)
  const unguarded = await query<{ table: string }>(
    `select relname as table from pg_class
     where relnamespace = 'graphile_worker'::regnamespace and relkind in ('r', 'p') and relrowsecurity
       and not exists (select from pg_policy where polrelid = pg_class.oid and polname = $1)
     order by relname`,
    [policyName],
  )
  for (const { table } of unguarded) {
    await query(
      `create policy ${policyName} on graphile_worker.${table} to ${workerRole} using (true) with check (true)`,
    )
  }
}
