/**
 * First migration, part 2: resources, their e-mail addresses and memberships.
 *
 * While a table is small, every condition on tenant_id counts as one row, so that all indexes cost about the same;
 * then the one made last tends to win, and prepared statements keep that plan while the table grows. Reading by id
 * walked all of a tenant through an index with `id` at its end (a minute for a group of 10,000 members, not 70 ms).
 * The same happened in large tables to a tenant that came after the last ANALYZE: Postgres has counted all other
 * tenants and expects one row of it (a look for a userName read 20,000 rows). Without statistics of tenant_id it expects
 * a two-hundredth of the table of every tenant, and chooses the index by the other columns; only as long as a table has less than 2,000 rows
 * it may take any.
 *
 * So columns that are only carried along are included and no part of a key, and the primary key of `resource`, by
 * which members and foreign keys are looked up, is made last.
 */

export const resourceTables: readonly string[] = [
  `create extension if not exists pg_trgm`,
  `create extension if not exists btree_gin`,

  // The key columns hold what JavaScript folded (scim/fold.ts); SQL never lowers and never collates by locale.
  // `data` is what is shown; `folded` is the same document as filters compare it (folded.ts). `member_count`: rows of
  // membership and pending_member of a group, kept by the statements that write them.
  `create table resource (
    tenant_id uuid not null,
    id uuid not null,
    type text collate "C" not null,
    unique_key text collate "C" not null,
    display_key text collate "C",
    external_id text collate "C",
    active boolean,
    data jsonb not null,
    folded jsonb not null,
    version bigint not null,
    created timestamptz not null,
    last_modified timestamptz not null,
    member_count bigint not null default 0,
    constraint resource_unique_key unique (tenant_id, type, unique_key)
  )`,
  `create index resource_type on resource (tenant_id, type, id)`,
  `create index resource_external_id on resource (tenant_id, external_id, type) include (id)
    where external_id is not null`,
  `create index resource_display_key on resource (tenant_id, type, display_key) include (id)`,
  `create index resource_last_modified on resource (tenant_id, type, last_modified) include (id)`,
  // After the indexes above (see the beginning).
  `alter table resource add primary key (tenant_id, id)`,
  `create index resource_unique_key_trigrams on resource using gin (tenant_id, unique_key gin_trgm_ops)`,
  `create index resource_display_key_trigrams on resource using gin (tenant_id, display_key gin_trgm_ops)`,

  `create table email (
    tenant_id uuid not null,
    resource_id uuid not null,
    ordinal integer not null,
    type text collate "C",
    value_key text collate "C" not null,
    primary key (tenant_id, resource_id, ordinal),
    constraint email_resource foreign key (tenant_id, resource_id)
      references resource (tenant_id, id) on delete cascade
  )`,
  `create index email_value_key on email (tenant_id, value_key, type) include (resource_id)`,
  `create index email_value_key_trigrams on email using gin (tenant_id, value_key gin_trgm_ops)`,

  `create table membership (
    tenant_id uuid not null,
    group_id uuid not null,
    member_id uuid not null,
    primary key (tenant_id, group_id, member_id),
    constraint membership_group foreign key (tenant_id, group_id)
      references resource (tenant_id, id) on delete cascade,
    constraint membership_member foreign key (tenant_id, member_id)
      references resource (tenant_id, id) on delete cascade
  )`,
  `create index membership_member on membership (tenant_id, member_id) include (group_id)`,

  // A pushed member value that is nobody's id yet; it becomes a membership when such a resource appears.
  `create table pending_member (
    tenant_id uuid not null,
    group_id uuid not null,
    value text collate "C" not null,
    primary key (tenant_id, group_id, value),
    constraint pending_member_group foreign key (tenant_id, group_id)
      references resource (tenant_id, id) on delete cascade
  )`,
  `create index pending_member_value on pending_member (tenant_id, value) include (group_id)`,

  // How many resources of a type a tenant has is the sum over its slots. Each connection has its slot, so that those
  // who create at the same time hardly ever wait for one row; a slot by itself may be negative.
  `create table resource_count (
    tenant_id uuid not null,
    type text collate "C" not null,
    slot integer not null,
    count bigint not null,
    primary key (tenant_id, type, slot)
  ) with (fillfactor = 25)`,

  ...['resource', 'email', 'membership', 'pending_member'].map(
    (table) => `alter table ${table} alter column tenant_id set statistics 0`,
  ),
]
