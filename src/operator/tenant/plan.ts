/**
 * What to do about one integration: steps in their order, each a pure function of what was observed. The list is the
 * specification; what comes later waits for what comes before.
 */
import { addressOf } from './address.ts'
import { planEndpoint } from './endpoint.ts'
import { tenantFinalizer } from './names.ts'
import { ownershipOf } from './ownership.ts'
import { rowIsAsWanted, tenantRow } from './tenant-row.ts'
import { driftOf, tokenActions } from './token-actions.ts'
import { observeTokens } from './token-observation.ts'
import { planTokens } from './token-plan.ts'

import type { NewTenant } from '#directory/tenant-writes.ts'
import type { Keyring } from '#directory/token.ts'
import type { OperatorSettings } from '#operator/settings.ts'

import type { Action } from './action.ts'
import type { Address } from './address.ts'
import type { EndpointPlan } from './endpoint.ts'
import type { Ownership } from './ownership.ts'
import type { TokenPlan } from './token-plan.ts'
import type { World } from './world.ts'

export interface PlanTools {
  readonly keyring: Keyring
  /** Random bytes from a secure source. */
  readonly random: (bytes: number) => Uint8Array
  readonly settings: OperatorSettings
  readonly now: Date
}

type Refusal = Extract<Ownership, { kind: 'refused' }>

/** Everything that was decided about an integration that may have its tenant. */
export interface TenantView {
  readonly kind: 'granted'
  readonly world: World
  readonly ownership: Exclude<Ownership, Refusal>
  readonly address: Address
  readonly row: NewTenant
  readonly tokens: TokenPlan
  readonly endpoint: EndpointPlan
  readonly now: Date
}

export interface Refused {
  readonly kind: 'refused'
  readonly world: World
  readonly refusal: Refusal
  readonly now: Date
}

export type TenantPlan = (TenantView | Refused) & { readonly actions: readonly Action[] }

/** The order matters: nothing is written outside before the finalizer stands, nothing is routed that cannot answer. */
const tenantSteps: readonly ((view: TenantView) => readonly Action[])[] = [
  integrationIsHeld, // its deletion waits for us
  namesakeIsRetained, // who had the name before and vanished keeps its data, and frees its names
  rowMatchesSpec, // the database knows the tenant as the spec describes it
  tokensAreSafe, // every purpose has its token: recorded twice, delivered once
  routeLeadsHere, // the host answers for this tenant and no other
]

/** Decides all. Pure but for the randomness it is given. */
export function planTenant(world: World, tools: PlanTools): TenantPlan {
  const { integration, owner, candidates, routes } = world
  const { settings, now } = tools
  const ownership = ownershipOf(integration, owner, candidates)
  if (ownership.kind === 'refused') return { kind: 'refused', world, refusal: ownership, now, actions: [] }
  const { spec } = integration
  const { id, slug } = ownership
  const address = addressOf(spec.endpoint, slug, settings)
  const created = ownership.row?.created ?? now
  const view: TenantView = {
    kind: 'granted',
    world,
    ownership,
    address,
    row: tenantRow({ id, slug, owner, spec, address, created }),
    tokens: planTokens(observeTokens(world, id, tools.keyring), {
      ...tools,
      baseURL: address.baseURL,
      directoryURL: settings.directoryURL,
    }),
    endpoint: planEndpoint({ owner, endpoint: spec.endpoint, address, settings, routes }),
    now,
  }
  return { ...view, actions: tenantSteps.flatMap((step) => step(view)) }
}

function integrationIsHeld({ world }: TenantView): Action[] {
  if (world.integration.metadata.finalizers?.includes(tenantFinalizer) ?? false) return []
  return [{ kind: 'HoldFinalizer', finalizer: tenantFinalizer }]
}

function namesakeIsRetained({ ownership }: TenantView): Action[] {
  if (ownership.orphan === undefined) return []
  return [{ kind: 'TombstoneTenant', tenantId: ownership.orphan.id, deleteAfter: null }]
}

function rowMatchesSpec({ ownership, row }: TenantView): Action[] {
  const known = ownership.row
  if (known === undefined) {
    const note = { type: 'Normal', reason: 'TenantCreated', text: `Tenant ${row.slug} was created.` } as const
    return [{ kind: 'PutTenant', tenant: row, note }]
  }
  if (rowIsAsWanted(known, row)) return []
  if (ownership.kind === 'adopt') {
    const text = `Tenant ${row.slug} was taken over with its data.`
    return [{ kind: 'RestoreTenant', tenant: row, note: { type: 'Normal', reason: 'TenantAdopted', text } }]
  }
  const drift = known.specHash === row.specHash ? { drift: 'tenant' } : {}
  return [{ kind: known.deleted === null ? 'PutTenant' : 'RestoreTenant', tenant: row, ...drift }]
}

function tokensAreSafe({ tokens, world }: TenantView): readonly Action[] {
  // Someone else's Secret has our name: without it nothing can be recorded twice, so nothing is issued.
  if (tokens.foreignSecret !== undefined) return []
  return tokenActions(tokens, driftOf(tokens, world.integration.status))
}

function routeLeadsHere({ endpoint }: TenantView): Action[] {
  const actions: Action[] = endpoint.remove.map(({ kind, object }) => ({
    kind: 'DeleteObject',
    of: kind,
    object,
  }))
  if (endpoint.apply === undefined) return actions
  const { kind, object, isDrift } = endpoint.apply
  return [...actions, { kind: 'ApplyObject', of: kind, object, ...(isDrift ? { drift: object.kind } : {}) }]
}
