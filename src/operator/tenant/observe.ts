/** Gathers the world of one integration: from Kubernetes and from Postgres. Decides nothing. */

import { tokensOf } from '#directory/tokens.ts'
import { tenantForOwner } from '#directory/tenants.ts'
import { ScimIntegration } from '#operator/api/scim-integration.ts'
import { scimAssignmentPolicy } from '#operator/api/scim-assignment-policy.ts'
import { TerminalError } from '#operator/controller.ts'

import { endpointTypeOf, routeKinds } from './endpoint.ts'
import { dataOf, secretKind } from './manifests.ts'
import { hashSecretName, routeName } from './names.ts'
import { ownershipOf, wantedSlug } from './ownership.ts'
import { checkProvided } from './provided-token.ts'
import { needsProvided, observeTokens } from './token-observation.ts'

import type { Directory } from '#directory/database.ts'
import type { Keyring } from '#directory/token.ts'
import type { KubeObject } from '#operator/kube.ts'
import type { OperatorSettings } from '#operator/settings.ts'
import type { KubeView } from '#operator/view.ts'

import type { EndpointType, ObservedRoute } from './endpoint.ts'
import type { Owner } from './names.ts'
import type { Candidates } from './ownership.ts'
import type { Provided } from './provided-token.ts'
import type { World } from './world.ts'

export interface Observer {
  readonly directory: Directory
  readonly keyring: Keyring
  readonly settings: OperatorSettings
  readonly now: Date
  readonly signal: AbortSignal
}

/** The object as our schema reads it; the API server has checked it, so anything else is an older CRD. */
export function readIntegration(object: KubeObject): ScimIntegration {
  const parsed = ScimIntegration.safeParse(object)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new TerminalError(`${issue?.path.join('.') ?? 'object'}: ${issue?.message ?? 'invalid'}`, {
    cause: parsed.error,
  })
}

export async function observeTenant(
  view: KubeView,
  { object, integration }: Pick<World, 'object' | 'integration'>,
  observer: Observer,
): Promise<World> {
  const { namespace, name, uid } = integration.metadata
  const owner = { namespace, name, uid }
  const candidates = await candidatesFor(observer.directory, integration, owner)
  const ownership = ownershipOf(integration, owner, candidates)
  const row = ownership.kind === 'refused' ? undefined : ownership.row
  const world: World = {
    integration,
    object,
    owner,
    candidates,
    hashSecret: await view.get(secretKind, { namespace, name: hashSecretName(owner) }),
    secrets: await view.belonging(secretKind, owner),
    rows: row === undefined ? [] : await tokensOf(observer.directory, row.id),
    occupied: [],
    routes: await routesOf(view, integration, owner, observer.settings),
    policies: await view.belonging(scimAssignmentPolicy, owner),
  }
  // Tokens are verified one by one, which costs too much to do twice without need.
  if (ownership.kind === 'refused' || integration.spec.token.source !== 'SecretRef') return world
  const observation = observeTokens(world, ownership.id, observer.keyring)
  if (!needsProvided(observation, observer.now)) return world
  return { ...world, provided: await readProvided(view, integration) }
}

async function candidatesFor(
  directory: Directory,
  integration: ScimIntegration,
  owner: Owner,
): Promise<Candidates> {
  const own = await tenantForOwner(directory, { uid: owner.uid })
  // Once it has its tenant, nobody else's can be meant.
  if (own !== undefined) return { own, wanted: undefined, namesake: undefined }
  return {
    own,
    wanted: await tenantForOwner(directory, { slug: wantedSlug(integration, owner) }),
    namesake: await tenantForOwner(directory, { namespace: owner.namespace, name: owner.name }),
  }
}

/** The kind that is wanted, and the one that was made before. */
async function routesOf(
  view: KubeView,
  { spec, status }: ScimIntegration,
  owner: Owner,
  settings: OperatorSettings,
): Promise<ObservedRoute[]> {
  const types = new Set<EndpointType | undefined>([
    endpointTypeOf(spec.endpoint, settings),
    status.route?.kind,
  ])
  const routes: ObservedRoute[] = []
  for (const type of ['HTTPRoute', 'Ingress'] as const) {
    if (!types.has(type)) continue
    const kind = routeKinds[type]
    const isServed = await view.serves(kind)
    const key = { namespace: owner.namespace, name: routeName(owner) }
    routes.push({ kind, isServed, object: isServed ? await view.get(kind, key) : undefined })
  }
  return routes
}

/** Read from the API and never from a cache, and kept nowhere but in this pass. */
async function readProvided(view: KubeView, { metadata, spec }: ScimIntegration): Promise<Provided> {
  const { secretRef } = spec.token
  if (secretRef === undefined) return { kind: 'problem', message: 'token.secretRef is missing.' }
  const { name, key } = secretRef
  const secret = await view.live.get(secretKind, { namespace: metadata.namespace, name })
  if (secret === undefined) return { kind: 'problem', message: `There is no Secret ${name}.` }
  return checkProvided(dataOf(secret)[key], `key ${key} of Secret ${name}`)
}
