/** Observe and decide: one look at an integration through a view, ending in actions and the status they lead to. */

import { tenantForOwner } from '#directory/tenants.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { parseKey } from '#operator/object-key.ts'

import { planDeletion } from './deletion.ts'
import { routeKinds } from './endpoint.ts'
import { isOwnedBy, secretKind } from './manifests.ts'
import { hashSecretName, pausedAnnotation, routeName } from './names.ts'
import { observeTenant, readIntegration } from './observe.ts'
import { planTenant } from './plan.ts'
import { rememberingStatus, tenantStatus } from './report.ts'
import { pausedFact, progressingFact } from './summary.ts'
import { nextTokenInstant } from './token-report.ts'

import type { ScimIntegrationStatus } from '#operator/api/scim-integration-status.ts'
import type { ScimIntegration } from '#operator/api/scim-integration.ts'
import type { KubeObject } from '#operator/kube.ts'
import type { KubeView } from '#operator/view.ts'

import type { Action } from './action.ts'
import type { Observer } from './observe.ts'
import type { PlanTools } from './plan.ts'
import type { Outcome } from './report.ts'
import type { DeletionWorld } from './deletion.ts'

export interface Decided {
  readonly object: KubeObject
  readonly integration: ScimIntegration
  readonly actions: readonly Action[]
  /** The status once the actions are done; undefined when the object is on its way out. */
  readonly statusAfter: (outcome: Outcome) => ScimIntegrationStatus | undefined
  /** When it would come out differently though nothing happened, milliseconds since 1970. */
  readonly changesAtMs: number | undefined
  /** Something is wrong that nobody may tell us when it is mended. */
  readonly isWaiting: boolean
}

export type Tools = Observer & PlanTools

/** @param occupied names at which a Secret was to be made and another stood */
export async function decide(
  view: KubeView,
  key: string,
  tools: Tools,
  occupied: readonly string[],
): Promise<Decided | undefined> {
  const object = await view.get(scimIntegration, parseKey(key))
  if (object === undefined) return undefined
  const integration = readIntegration(object)
  const { deletionTimestamp, annotations } = integration.metadata
  if (deletionTimestamp !== undefined) return decideDeletion(view, object, integration, tools)
  if (annotations?.[pausedAnnotation] === 'true') {
    const statusAfter = () => rememberingStatus(integration, [pausedFact(true)], tools.now)
    return { object, integration, actions: [], statusAfter, changesAtMs: undefined, isWaiting: false }
  }
  const world = { ...(await observeTenant(view, { object, integration }, tools)), occupied }
  const plan = planTenant(world, tools)
  const instants =
    plan.kind === 'refused'
      ? []
      : plan.tokens.decisions.flatMap((decision) => nextTokenInstant(decision, tools.now) ?? [])
  return {
    object,
    integration,
    actions: plan.actions,
    statusAfter: (outcome) => tenantStatus(plan, outcome),
    changesAtMs: instants.length === 0 ? undefined : Math.min(...instants),
    isWaiting:
      plan.kind === 'refused' ||
      plan.tokens.foreignSecret !== undefined ||
      plan.tokens.decisions.some(({ problem }) => problem !== undefined) ||
      plan.endpoint.condition.status !== 'True',
  }
}

async function decideDeletion(
  view: KubeView,
  object: KubeObject,
  integration: ScimIntegration,
  { directory, now }: Tools,
): Promise<Decided> {
  const { namespace, name, uid } = integration.metadata
  const world: DeletionWorld = {
    integration,
    own: await tenantForOwner(directory, { uid }),
    children: await childrenOf(view, { namespace, name, uid }),
  }
  const actions = planDeletion(world)
  const fact = progressingFact('Deleting', `spec.deletionPolicy is ${integration.spec.deletionPolicy}.`)
  return {
    object,
    integration,
    actions,
    statusAfter: (outcome) =>
      outcome.kind === 'done' ? undefined : rememberingStatus(integration, [fact], now),
    changesAtMs: undefined,
    isWaiting: false,
  }
}

async function childrenOf(
  view: KubeView,
  owner: { readonly namespace: string; readonly name: string; readonly uid: string },
): Promise<DeletionWorld['children']> {
  const { namespace, uid } = owner
  const secrets = await view.belonging(secretKind, owner)
  const hash = await view.get(secretKind, { namespace, name: hashSecretName(owner) })
  const found = [...secrets, ...(hash === undefined ? [] : [hash])].map((object) => ({
    of: secretKind,
    object,
  }))
  for (const kind of Object.values(routeKinds)) {
    if (!(await view.serves(kind))) continue
    const route = await view.get(kind, { namespace, name: routeName(owner) })
    if (route !== undefined) found.push({ of: kind, object: route })
  }
  const byName = new Map(found.map((child) => [`${child.of.kind}/${child.object.metadata.name}`, child]))
  return [...byName.values()].filter(({ object }) => isOwnedBy(object, uid))
}
