/**
 * Second migration: less work beside the rows that a write is about.
 *
 * Servers of the release before go on while and after it runs: their statements name nothing that goes, and keep by
 * themselves what the foreign keys kept (below). One that meets the locks of this migration waits, or is run again
 * after a deadlock, and so does the migration (migrate.ts).
 */

import { Migration } from '@mikro-orm/migrations'

/** For the migrations after this one too, since all of them are one transaction (migrate.ts). */
const waitsBriefly = `set local lock_timeout = '2s'`

/**
 * The foreign keys looked up the resource once more for each row, 26 % of the time of adding a thousand members and
 * 5 % of creating a user, although every statement that inserts such a row holds a lock on the resource since before:
 * it has just created it, or locked it (`for no key update` the group and the owner of an address, `for key share` the
 * members), and who deletes it waits for them. What is left of the keys is that rows go with their resource.
 */
const withoutForeignKeys: readonly string[] = [
  `create function resource_takes_its_rows_along() returns trigger language plpgsql
    security definer set search_path = pg_catalog, public, pg_temp as $$
    begin
      delete from public.email where tenant_id = old.tenant_id and resource_id = old.id;
      delete from public.membership where tenant_id = old.tenant_id and group_id = old.id;
      delete from public.membership where tenant_id = old.tenant_id and member_id = old.id;
      delete from public.pending_member where tenant_id = old.tenant_id and group_id = old.id;
      return null;
    end $$`,
  `revoke all on function resource_takes_its_rows_along() from public`,
  `create trigger resource_takes_its_rows_along after delete on resource
    for each row execute function resource_takes_its_rows_along()`,
  `alter table email drop constraint email_resource`,
  `alter table membership drop constraint membership_group`,
  `alter table membership drop constraint membership_member`,
  `alter table pending_member drop constraint pending_member_group`,
]

/**
 * No condition uses what ANALYZE finds out about these documents, and comparing thousands of them with each other is
 * most of its work: a fifth of the CPU of Postgres while a small tenant grows. Each partition has a setting of its own.
 */
const documentsAreNotAnalyzed: readonly string[] = [
  `alter table resource alter column data set statistics 0, alter column folded set statistics 0`,
  `do $$ declare part regclass; begin
    for part in select inhrelid::regclass from pg_inherits where inhparent = 'change'::regclass loop
      execute format('alter table %s alter column detail set statistics 0', part);
    end loop;
  end $$`,
]

export class LeanerWrites extends Migration {
  override up(): void {
    for (const statement of [waitsBriefly, ...withoutForeignKeys, ...documentsAreNotAnalyzed])
      this.addSql(statement)
  }

  override down(): void {
    throw new Error('Migrations of the directory go forward only')
  }
}
