/** First migration, part 6: row-level security and grants, the second lock on tenant data. */

const tenantData = [
  'token',
  'resource',
  'email',
  'membership',
  'pending_member',
  'resource_count',
  'change',
  'pending',
  'policy',
  'policy_rule',
  'policy_pin',
  'policy_state',
  'assignment',
]

const locked = (table: string): readonly string[] => [
  `alter table ${table} enable row level security`,
  `alter table ${table} force row level security`,
  // FORCE binds the owner too; without this policy the owner and its functions see nothing.
  `create policy owner_sees_all on ${table} to current_user using (true) with check (true)`,
]

/** An empty or missing setting is no tenant: no rows, not an error. */
const ofTenant = `tenant_id = nullif(current_setting('scim.tenant', true), '')::uuid`

const perTenant = (table: string): readonly string[] => [
  ...locked(table),
  `create policy tenant_only on ${table} to scim_app, scim_worker using (${ofTenant}) with check (${ofTenant})`,
]

export const access: readonly string[] = [
  ...tenantData.flatMap(perTenant),
  ...['token_tenant', 'change_default'].flatMap(locked),

  `grant select on tenant, tenant_host, revocation, operator_epoch, feed_epoch, mikro_orm_migrations
    to scim_app, scim_worker`,

  `grant select, update (last_used) on token to scim_app`,
  `grant select, insert, update, delete on resource, email, membership, pending_member to scim_app`,
  `grant select, insert on change, pending to scim_app`,
  `grant select on policy, policy_rule, policy_pin, policy_state, assignment to scim_app`,

  `grant select, insert, update on resource_count to scim_app`,
  `grant select on resource, email, membership, pending_member, resource_count, policy, policy_rule to scim_worker`,
  `grant select, insert on change to scim_worker`,
  `grant select, insert, delete on pending to scim_worker`,
  `grant select, insert, update, delete on policy_pin, assignment to scim_worker`,
  `grant select, update on policy_state to scim_worker`,

  ...[
    'token_by_id(text)',
    'enqueue_evaluation(uuid)',
    'tenants_with_pending()',
    'resource_ids_by_unique_key(text)',
    'resource_ids_by_display_key(text)',
    'resource_ids_by_email(text)',
    'token_tenant_follows_token()',
    'revocation_moves()',
    'within_limit(bigint, bigint, text)',
    'policy_state_xid_moves()',
  ].map((signature) => `revoke all on function ${signature} from public`),
  `grant execute on function token_by_id(text) to scim_app`,
  `grant execute on function enqueue_evaluation(uuid) to scim_app, scim_worker`,
  `grant execute on function tenants_with_pending() to scim_worker`,
  `grant execute on function within_limit(bigint, bigint, text) to scim_app`,
  `grant execute on function resource_ids_by_unique_key(text), resource_ids_by_display_key(text),
    resource_ids_by_email(text) to scim_app, scim_worker`,
]
