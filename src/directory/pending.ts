/** Marks on resources that changed and were not evaluated yet; the worker deletes them. */

/**
 * CTE `marked`: a mark for each id that `ids` selects as a column `id`, in the transaction of the change. The key
 * holds the transaction, so that nobody waits for anybody's mark.
 */
export function markCte(ids: string): string {
  return `marked as (
    insert into pending (tenant_id, resource_id, since)
    select :tenant::uuid, touched.id, :now::timestamptz from (${ids}) as touched
    on conflict do nothing
  )`
}
