/** First migration, part 3: the change log and the marks of what is not evaluated yet. */

export const changeTables: readonly string[] = [
  // The feed is ordered by (xid, ordinal) and read only below pg_snapshot_xmin, so that no late commit is missed.
  `create table change (
    tenant_id uuid not null,
    at timestamptz not null,
    id uuid not null,
    xid xid8 not null default pg_current_xact_id(),
    ordinal integer not null,
    actor text collate "C" not null,
    request_id text collate "C" not null,
    action text collate "C" not null,
    resource_type text collate "C" not null,
    resource_id uuid not null,
    version bigint,
    detail jsonb not null,
    primary key (tenant_id, at, id)
  ) partition by range (at)`,
  `create index change_feed on change (tenant_id, xid, ordinal)`,
  `create table change_default partition of change default`,

  // The transaction id is in the key on purpose: with (tenant, resource) alone an upsert would wait for another
  // writer, or an evaluation could delete the mark of a change that it has not seen.
  `create table pending (
    tenant_id uuid not null,
    resource_id uuid not null,
    xid xid8 not null default pg_current_xact_id(),
    since timestamptz not null,
    primary key (tenant_id, resource_id, xid)
  )`,
]
