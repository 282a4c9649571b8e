/** Marks on resources that changed and were not evaluated yet; the worker deletes them. */

/**
 * CTE `marked`: a mark for each id that `ids` selects as a column `id`, each of them once, in the transaction of the
 * change. The key holds the transaction, so that nobody waits for anybody's mark; only an earlier write of the same
 * transaction can have made it, which a look tells for less than `on conflict`, with its third WAL record.
 */
export function markCte(ids: string): string {
  return `marked as (
    insert into pending (tenant_id, resource_id, since)
    select :tenant::uuid, touched.id, :now::timestamptz from (${ids}) as touched
    where (select true from pending
      where pending.tenant_id = :tenant::uuid and pending.resource_id = touched.id
        and pending.xid = pg_current_xact_id()) is null
  )`
}
