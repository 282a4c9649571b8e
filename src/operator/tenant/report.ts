/** What a plan and its outcome mean for people: the whole status, with every condition from the first pass on. Pure. */

import { setConditions } from '#operator/conditions.ts'

import { describeAction } from './action.ts'
import { pokeAnnotation } from './names.ts'
import {
  assignmentsSynced,
  completeFacts,
  degradedFact,
  idleFact,
  notDegraded,
  pausedFact,
  progressingFact,
} from './summary.ts'
import { statusBefore } from './token-observation.ts'
import { tokenExpiring, tokenReady, tokensAfter, tokensStatus } from './token-report.ts'

import type { ScimIntegrationStatus, TokensStatus } from '#operator/api/scim-integration-status.ts'
import type { ScimIntegration } from '#operator/api/scim-integration.ts'

import type { TenantPlan, TenantView } from './plan.ts'
import type { Fact } from './summary.ts'

/** The database has given the id, name or host to another integration. */
export interface Conflict {
  readonly reason: 'NameConflict' | 'HostnameConflict' | 'TenantRetained'
  readonly message: string
}

export type Outcome =
  | { readonly kind: 'done' }
  /** managementPolicy Observe: nothing was done. `refusals` are what the API would not take, one sentence each. */
  | { readonly kind: 'observed'; readonly refusals: readonly string[] }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }

/** Identity, address and tokens: all of the status but what is true of it. */
type Fields = Omit<ScimIntegrationStatus, 'conditions' | 'observedGeneration' | 'lastHandledReconcileAt'>

/** The status after a plan. */
export function tenantStatus(plan: TenantPlan, outcome: Outcome): ScimIntegrationStatus {
  const { integration, policies } = plan.world
  const always = [assignmentsSynced(policies), pausedFact(false)]
  if (plan.kind === 'refused') {
    const { reason, message } = plan.refusal
    return rememberingStatus(integration, [...always, ...refusedFacts(reason, message)], plan.now)
  }
  if (outcome.kind === 'conflict') {
    const { reason, message } = outcome.conflict
    return rememberingStatus(integration, [...always, ...refusedFacts(reason, message)], plan.now)
  }
  if (outcome.kind === 'observed' && plan.actions.length > 0) {
    const would = `Full would: ${plan.actions.map(describeAction).join('; ')}.`
    const message = [would, ...outcome.refusals].join(' ')
    return rememberingStatus(integration, [...always, idleFact('ObserveOnly', message)], plan.now)
  }
  const fields = fieldsOf(plan)
  return statusOf(integration, fields, [...always, ...grantedFacts(plan, fields)], plan.now)
}

/** The status when only some facts are known: a pause, a database that is away, a deletion. */
export function rememberingStatus(
  integration: ScimIntegration,
  known: readonly Fact[],
  now: Date,
): ScimIntegrationStatus {
  const { conditions: _conditions, observedGeneration: _generation, ...fields } = integration.status
  return statusOf(integration, fields, known, now)
}

function statusOf(
  integration: ScimIntegration,
  fields: ScimIntegrationStatus,
  known: readonly Fact[],
  now: Date,
): ScimIntegrationStatus {
  const { generation, annotations } = integration.metadata
  const poke = annotations?.[pokeAnnotation]
  return {
    ...fields,
    observedGeneration: generation,
    conditions: setConditions(integration.status.conditions ?? [], completeFacts(integration, known), {
      generation,
      now,
    }),
    ...(poke === undefined ? {} : { lastHandledReconcileAt: poke.slice(0, 256) }),
  }
}

function refusedFacts(reason: string, message: string): Fact[] {
  return [
    { type: 'TenantReady', status: 'False', reason, message },
    reason === 'HostnameConflict' ? degradedFact(reason, message) : notDegraded,
    idleFact('Idle'),
  ]
}

function grantedFacts({ ownership, tokens, endpoint, now }: TenantView, shown: TokensStatus): Fact[] {
  const message = `Tenant ${ownership.slug} is in the directory.`
  const main = tokens.decisions.find(({ reader }) => reader === null)
  const isRotating = tokens.decisions.some(({ keep }) =>
    keep.some(({ retires, revoked }) => revoked === null && retires !== null && retires > now),
  )
  const isRouting = endpoint.condition.reason === 'RoutePending'
  const facts: Fact[] = [
    { type: 'TenantReady', status: 'True', reason: 'Provisioned', message },
    endpoint.condition,
    degradedBy(tokens, endpoint),
  ]
  if (main !== undefined && tokens.foreignSecret === undefined) {
    facts.push(tokenReady(main, shown, now), tokenExpiring(tokensAfter(main, now), now))
  }
  if (isRouting) facts.push(progressingFact('Provisioning', endpoint.condition.message))
  else if (isRotating)
    facts.push(progressingFact('Rotating', 'The previous token is valid until its overlap ends.'))
  else facts.push(idleFact('Idle'))
  return facts
}

function degradedBy(tokens: TenantView['tokens'], endpoint: TenantView['endpoint']): Fact {
  const foreign = tokens.foreignSecret ?? endpoint.foreign
  if (foreign !== undefined) {
    const { kind, metadata } = foreign
    return degradedFact('FieldConflict', `${kind} ${metadata.name} exists and is not of this integration.`)
  }
  const problem = tokens.decisions.find((decision) => decision.problem !== undefined)?.problem
  return problem === undefined ? notDegraded : degradedFact('SecretInvalid', problem)
}

function fieldsOf({ world, ownership, address, tokens, endpoint, now }: TenantView): Fields {
  const { integration, owner, rows } = world
  const lastUsed = new Map(
    rows.flatMap(({ id, lastUsed }) => (lastUsed === null ? [] : [[id, lastUsed] as const])),
  )
  const tokensOf = (reader: string | null): TokensStatus => {
    const before = statusBefore(integration, reader)
    const decision = tokens.decisions.find((found) => found.reader === reader)
    // Where the Secret of records is somebody else's nothing was done, and the status says what it said.
    return decision === undefined || tokens.foreignSecret !== undefined
      ? tokensOnly(before)
      : tokensStatus(decision, { owner, now, before, lastUsed })
  }
  const { readers = [] } = integration.spec
  return {
    tenantID: ownership.slug,
    ...(address.baseURL === undefined ? {} : { baseURL: address.baseURL }),
    ...tokensOf(null),
    ...(readers.length === 0
      ? {}
      : { readers: readers.map(({ name }) => Object.assign({ name }, tokensOf(name))) }),
    ...(endpoint.route === undefined ? {} : { route: endpoint.route }),
  }
}

function tokensOnly({ tokens, delivery, rotation }: TokensStatus): TokensStatus {
  return {
    ...(tokens === undefined ? {} : { tokens }),
    ...(delivery === undefined ? {} : { delivery }),
    ...(rotation === undefined ? {} : { rotation }),
  }
}
