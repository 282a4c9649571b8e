/**
 * Third migration: what an assignment costs beside its row.
 *
 * Processes of the release before go on while and after it runs: they name no constraint of what changes.
 */

import { Migration } from '@mikro-orm/migrations'

/**
 * The foreign key looked up each user once more, a quarter of a full recompute, and marked the user's row as locked:
 * a recompute wrote the whole table of resources anew (2 kB of WAL a user in place of 0.6). Rows still go with their
 * user. A user who is deleted while an evaluation gives something is evaluated once more by the mark of the deletion,
 * which takes it away.
 */
const withoutForeignKey: readonly string[] = [
  `create function resource_takes_its_assignments_along() returns trigger language plpgsql
    security definer set search_path = pg_catalog, public, pg_temp as $$
    begin
      delete from public.assignment where tenant_id = old.tenant_id and user_id = old.id;
      return null;
    end $$`,
  `revoke all on function resource_takes_its_assignments_along() from public`,
  `create trigger resource_takes_its_assignments_along after delete on resource
    for each row when (old.type = 'User') execute function resource_takes_its_assignments_along()`,
  `alter table assignment drop constraint assignment_user`,
]

/**
 * As for the tables of resources: what Postgres knows of other tenants tells nothing of a new one, of which it would
 * expect one row and read all. What it has found out so far goes with a change of the column's type, to the same one,
 * which rewrites nothing but is refused while a policy names the column.
 */
const tenantIsNotAnalyzed: readonly string[] = [
  `drop policy tenant_only on assignment`,
  `alter table assignment alter column tenant_id type uuid, alter column tenant_id set statistics 0`,
  `create policy tenant_only on assignment to scim_app, scim_worker
    using (tenant_id = nullif(current_setting('scim.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('scim.tenant', true), '')::uuid)`,
]

export class LighterAssignments extends Migration {
  override up(): void {
    for (const statement of [...withoutForeignKey, ...tenantIsNotAnalyzed]) this.addSql(statement)
  }

  override down(): void {
    throw new Error('Migrations of the directory go forward only')
  }
}
