/** First migration, part 4: assignment policies, what the worker knows of them, and the assignments. */

export const policyTables: readonly string[] = [
  // The id is the uid of the custom resource.
  `create table policy (
    tenant_id uuid not null,
    id uuid not null,
    namespace text collate "C" not null,
    name text collate "C" not null,
    cardinality text collate "C" not null check (cardinality in ('One', 'Many')),
    default_value text collate "C",
    generation bigint not null,
    spec_hash text collate "C" not null,
    spec jsonb not null,
    created timestamptz not null,
    primary key (tenant_id, id)
  )`,

  `create table policy_rule (
    tenant_id uuid not null,
    policy_id uuid not null,
    ordinal integer not null,
    name text collate "C" not null,
    match jsonb not null,
    assign text[] not null,
    primary key (tenant_id, policy_id, ordinal),
    constraint policy_rule_policy foreign key (tenant_id, policy_id)
      references policy (tenant_id, id) on delete cascade
  )`,

  // The group that a selector meant when it was first resolved; a later rename is reported, never followed.
  `create table policy_pin (
    tenant_id uuid not null,
    policy_id uuid not null,
    selector_kind text collate "C" not null check (selector_kind in ('displayName', 'externalId', 'id')),
    selector_value text collate "C" not null,
    group_id uuid not null,
    pinned timestamptz not null,
    primary key (tenant_id, policy_id, selector_kind, selector_value),
    constraint policy_pin_policy foreign key (tenant_id, policy_id)
      references policy (tenant_id, id) on delete cascade
  )`,

  // One row per policy from its first write on (generation 0: never evaluated). Its row lock is what keeps an
  // evaluation and the removal of the policy apart. `xid` moves with every update (trigger below): a reader that
  // asks for rows at or above the last pg_snapshot_xmin misses no late commit.
  `create table policy_state (
    tenant_id uuid not null,
    policy_id uuid not null,
    generation bigint not null default 0,
    progress jsonb,
    counts jsonb not null default '{}',
    users bigint not null default 0,
    problems jsonb not null default '[]',
    updated timestamptz not null,
    xid xid8 not null default pg_current_xact_id(),
    primary key (tenant_id, policy_id),
    constraint policy_state_policy foreign key (tenant_id, policy_id)
      references policy (tenant_id, id) on delete cascade
  )`,
  `create function policy_state_xid_moves() returns trigger language plpgsql
    set search_path = pg_catalog, public, pg_temp as $$
    begin
      new.xid := pg_catalog.pg_current_xact_id();
      return new;
    end $$`,
  `create trigger policy_state_xid_moves before update on policy_state
    for each row execute function policy_state_xid_moves()`,

  // No foreign key to policy: a full recompute writes a million rows, and each would look up the same policy row.
  `create table assignment (
    tenant_id uuid not null,
    policy_id uuid not null,
    user_id uuid not null,
    value text collate "C" not null,
    rule text collate "C" not null,
    generation bigint not null,
    since timestamptz not null,
    primary key (tenant_id, policy_id, user_id, value),
    constraint assignment_user foreign key (tenant_id, user_id)
      references resource (tenant_id, id) on delete cascade
  )`,
  `create index assignment_value on assignment (tenant_id, policy_id, value) include (user_id)`,
  `create index assignment_user on assignment (tenant_id, user_id) include (policy_id, value)`,
]
