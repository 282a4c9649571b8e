/** Which group each selector of a policy means: pinned when it is first found, kept as long as that group exists. */

import { type CompiledPolicy, selectorsOf } from '#assignment/compile.ts'
import { type Pin, type Pins, type Selector, selectorKey, selectorValue } from '#assignment/selector.ts'
import type { TenantScope } from './tenant-scope.ts'

/** A pin as stored, with what its group is now. */
export interface StoredPin {
  readonly policyId: string
  readonly selector: Selector
  readonly groupId: string
  /** Null when the group was deleted. */
  readonly group: PinnedGroup | null
}

export interface PinnedGroup {
  readonly uniqueKey: string
  readonly displayName: string
  readonly externalId: string | null
}

/** What the selectors of one policy mean. */
export interface SettledPins {
  readonly pins: Pins
  /** The groups behind the pins, by selector key, as they are named now. */
  readonly groups: ReadonlyMap<string, PinnedGroup>
  /** Selectors that had no group before this call and have one now, by selector key. */
  readonly found: ReadonlyMap<string, string>
}

export interface PolicyToSettle {
  readonly id: string
  readonly compiled: CompiledPolicy
  /** The policy changed: pins of deleted groups are given up, so that their selectors may find another group. */
  readonly isNew: boolean
}

/** Every pin of the tenant, or of one policy. */
export async function readPins(scope: TenantScope): Promise<readonly StoredPin[]> {
  interface Row extends Selector, Partial<PinnedGroup> {
    readonly policyId: string
    readonly groupId: string
  }
  const rows = await scope.query<Row>({
    name: 'read-pins',
    text: `select pin.policy_id as "policyId", pin.selector_kind as kind, pin.selector_value as value,
        pin.group_id as "groupId", resource.unique_key as "uniqueKey", resource.external_id as "externalId",
        resource.data->>'displayName' as "displayName"
      from policy_pin pin left join resource
        on resource.tenant_id = pin.tenant_id and resource.id = pin.group_id and resource.type = 'Group'
      where pin.tenant_id = $1`,
    values: [scope.tenantId],
  })
  return rows.map(({ policyId, kind, value, groupId, uniqueKey, displayName, externalId }) => ({
    policyId,
    selector: { kind, value },
    groupId,
    group: uniqueKey ? { uniqueKey, displayName: displayName ?? '', externalId: externalId ?? null } : null,
  }))
}

/** What the pins mean, without looking for groups that are not pinned yet. */
export function pinsOf(stored: readonly StoredPin[]): Pins {
  return new Map(
    stored.map(({ selector, groupId, group }): [string, Pin] => [
      selectorKey(selector),
      group === null ? { kind: 'deleted' } : { kind: 'group', id: groupId },
    ]),
  )
}

/**
 * Pins what can be found, gives up what no selector needs any more, and says what each selector means. One read when
 * everything is pinned.
 */
export async function settlePins(
  scope: TenantScope,
  policies: readonly PolicyToSettle[],
  now: Date,
): Promise<ReadonlyMap<string, SettledPins>> {
  const stored = Map.groupBy(await readPins(scope), ({ policyId }) => policyId)
  const plans = policies.map((policy) => planOf(policy, stored.get(policy.id) ?? []))
  const groups = await findGroups(
    scope,
    plans.flatMap(({ unpinned }) => unpinned),
  )
  const settled = plans.map((plan) => ({ plan, ...settle(plan, groups) }))
  await deletePins(scope, plans)
  await insertPins(scope, settled, now)
  return new Map(settled.map(({ plan, pins, groups, found }) => [plan.policyId, { pins, groups, found }]))
}

interface Plan {
  readonly policyId: string
  readonly kept: readonly StoredPin[]
  readonly givenUp: readonly StoredPin[]
  readonly unpinned: readonly Selector[]
}

function planOf({ id, compiled, isNew }: PolicyToSettle, stored: readonly StoredPin[]): Plan {
  const selectors = selectorsOf(compiled)
  const asked = new Set(selectors.map(selectorKey))
  const isKept = ({ selector, group }: StoredPin) =>
    !isNew || (group !== null && asked.has(selectorKey(selector)))
  const kept = stored.filter(isKept)
  const pinned = new Set(kept.map(({ selector }) => selectorKey(selector)))
  return {
    policyId: id,
    kept,
    givenUp: stored.filter((pin) => !isKept(pin)),
    unpinned: selectors.filter((selector) => !pinned.has(selectorKey(selector))),
  }
}

interface FoundGroup extends PinnedGroup {
  readonly id: string
}

function settle(plan: Plan, groups: ReadonlyMap<string, FoundGroup>): SettledPins {
  const pins = new Map(pinsOf(plan.kept))
  const byKey = new Map<string, PinnedGroup>()
  const found = new Map<string, string>()
  for (const { selector, group } of plan.kept) if (group !== null) byKey.set(selectorKey(selector), group)
  for (const selector of plan.unpinned) {
    const key = selectorKey(selector)
    const group = groups.get(key)
    if (group === undefined) continue
    pins.set(key, { kind: 'group', id: group.id })
    byKey.set(key, group)
    found.set(key, group.id)
  }
  return { pins, groups: byKey, found }
}

/** The groups that selectors name, by selector key. Where several share an externalId, the oldest is meant. */
async function findGroups(
  scope: TenantScope,
  selectors: readonly Selector[],
): Promise<ReadonlyMap<string, FoundGroup>> {
  if (selectors.length === 0) return new Map()
  const values = (kind: Selector['kind']) => [
    ...new Set(selectors.filter((selector) => selector.kind === kind).map(selectorValue)),
  ]
  interface Row extends FoundGroup, Selector {}
  const rows = await scope.query<Row>({
    name: 'find-groups',
    text: `select found.kind, found.value, resource.id, resource.unique_key as "uniqueKey",
        resource.external_id as "externalId", coalesce(resource.data->>'displayName', '') as "displayName"
      from (
        select 'displayName' as kind, unique_key as value, id from resource
          where tenant_id = $1 and type = 'Group' and unique_key = any($2::text[])
        union all
        (select distinct on (external_id) 'externalId', external_id, id from resource
          where tenant_id = $1 and type = 'Group' and external_id = any($3::text[]) order by external_id, id)
        union all
        select 'id', id::text, id from resource where tenant_id = $1 and type = 'Group' and id = any($4::uuid[])
      ) found join resource on resource.tenant_id = $1 and resource.id = found.id`,
    values: [scope.tenantId, values('displayName'), values('externalId'), values('id')],
  })
  return new Map(rows.map((row) => [selectorKey(row), row]))
}

async function deletePins(scope: TenantScope, plans: readonly Plan[]): Promise<void> {
  const pins = plans.flatMap(({ givenUp }) => givenUp)
  if (pins.length === 0) return
  await scope.query({
    name: 'delete-pins',
    text: `delete from policy_pin using unnest($2::uuid[], $3::text[], $4::text[]) as given_up (policy_id, kind, value)
      where policy_pin.tenant_id = $1 and policy_pin.policy_id = given_up.policy_id
        and policy_pin.selector_kind = given_up.kind and policy_pin.selector_value = given_up.value`,
    values: [
      scope.tenantId,
      pins.map(({ policyId }) => policyId),
      pins.map(({ selector }) => selector.kind),
      pins.map(({ selector }) => selector.value),
    ],
  })
}

async function insertPins(
  scope: TenantScope,
  settled: readonly { readonly plan: Plan; readonly found: ReadonlyMap<string, string> }[],
  now: Date,
): Promise<void> {
  const pins = settled.flatMap(({ plan: { policyId, unpinned }, found }) =>
    unpinned.flatMap((selector) => {
      const groupId = found.get(selectorKey(selector))
      return groupId === undefined ? [] : [{ policyId, selector, groupId }]
    }),
  )
  if (pins.length === 0) return
  await scope.query({
    name: 'insert-pins',
    text: `insert into policy_pin (tenant_id, policy_id, selector_kind, selector_value, group_id, pinned)
      select $1, policy_id, kind, value, group_id, $6
      from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[]) as found (policy_id, kind, value, group_id)`,
    values: [
      scope.tenantId,
      pins.map(({ policyId }) => policyId),
      pins.map(({ selector }) => selector.kind),
      pins.map(({ selector }) => selectorValue(selector)),
      pins.map(({ groupId }) => groupId),
      now,
    ],
  })
}
