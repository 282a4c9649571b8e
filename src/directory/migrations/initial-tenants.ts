/** First migration, part 1: tenants, their hosts and tokens, and the rows that everyone polls. */

export const tenantTables: readonly string[] = [
  // The id is the uid of the custom resource that made the tenant first. A deleted tenant stays as a tombstone
  // (`deleted`) until `delete_after`, so that its id and slug are never given to somebody else meanwhile.
  `create table tenant (
    id uuid primary key,
    slug text collate "C" not null,
    owner_uid uuid not null,
    namespace text collate "C" not null,
    name text collate "C" not null,
    display_name text not null,
    display_key text collate "C" not null,
    state text collate "C" not null check (state in ('Active', 'Disabled')),
    endpoint_path text collate "C" not null,
    settings jsonb not null,
    spec_hash text collate "C" not null,
    created timestamptz not null,
    deleted timestamptz,
    delete_after timestamptz
  )`,
  `create unique index tenant_slug on tenant (slug)`,
  `create unique index tenant_display_key on tenant (namespace, display_key) where deleted is null`,
  `create index tenant_owner_uid on tenant (owner_uid)`,
  `create index tenant_owner_name on tenant (namespace, name)`,

  `create table tenant_host (
    hostname text collate "C" primary key,
    tenant_id uuid not null,
    origin text collate "C" not null
  )`,
  `create index tenant_host_tenant on tenant_host (tenant_id)`,

  `create table token (
    tenant_id uuid not null,
    id text collate "C" not null,
    key_id text collate "C" not null,
    digest text collate "C" not null,
    mac text collate "C" not null,
    scope text collate "C" not null check (scope in ('provision', 'read')),
    reader text collate "C",
    not_before timestamptz not null,
    expires timestamptz,
    retires timestamptz,
    revoked timestamptz,
    last_used date,
    created timestamptz not null,
    primary key (tenant_id, id),
    constraint token_digest unique (tenant_id, digest)
  )`,

  // Which tenant a token id belongs to, for token_by_id: an index on token (id) would not lead with the tenant.
  // It also keeps token ids unique across tenants. Only the owner and its functions see it.
  `create table token_tenant (token_id text collate "C" primary key, tenant_id uuid not null)`,
  `create index token_tenant_tenant on token_tenant (tenant_id)`,
  `create function token_tenant_follows_token() returns trigger language plpgsql
    set search_path = pg_catalog, public, pg_temp as $$
    begin
      if tg_op = 'DELETE' then
        delete from public.token_tenant where token_id = old.id;
      else
        insert into public.token_tenant (token_id, tenant_id) values (new.id, new.tenant_id);
      end if;
      return null;
    end $$`,
  `create trigger token_tenant_follows_token after insert or delete on token
    for each row execute function token_tenant_follows_token()`,

  `create table revocation (only_row boolean primary key default true check (only_row), counter bigint not null)`,
  `insert into revocation (counter) values (1)`,
  `create table operator_epoch (only_row boolean primary key default true check (only_row), epoch bigint not null)`,
  `insert into operator_epoch (epoch) values (0)`,
  `create table feed_epoch (only_row boolean primary key default true check (only_row), epoch uuid not null)`,
  `insert into feed_epoch (epoch) values (gen_random_uuid())`,

  // A trigger, so that a change made by hand (a token revoked in psql) reaches the servers too. Statement level:
  // one bump per statement. `last_used` is not among the columns: it moves daily and nobody must see it at once.
  `create function revocation_moves() returns trigger language plpgsql
    set search_path = pg_catalog, public, pg_temp as $$
    begin
      update public.revocation set counter = counter + 1;
      return null;
    end $$`,
  ...['tenant', 'tenant_host'].map(
    (table) => `create trigger ${table}_moves_revocation after insert or update or delete on ${table}
    for each statement execute function revocation_moves()`,
  ),
  `create trigger token_moves_revocation
    after insert or delete or update of key_id, digest, mac, scope, reader, not_before, expires, retires, revoked
    on token for each statement execute function revocation_moves()`,
]
