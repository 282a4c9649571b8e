/** The integrations that the bench makes: one of each way in that a cluster offers, and the edits of them. */

import { scimIntegration } from '#operator/api/scim-integration.ts'

import type { KubeObject } from '#operator/kube.ts'

export const benchNamespace = 'bench'

export type Way = 'Shared' | 'HTTPRoute'

/** What a person writes; a number, since display names are unique. */
export const manifest = (name: string, way: Way): KubeObject => ({
  apiVersion: scimIntegration.apiVersion,
  kind: scimIntegration.kind,
  metadata: { name, namespace: benchNamespace },
  spec: { displayName: `Bench ${name}`, identityProvider: { type: 'EntraID' }, endpoint: { type: way } },
})

/** Merge patches of the spec that reach as far as they can: into the row of the tenant, and into the route. */
export const edits: Readonly<Record<Way, (name: string, edit: number) => unknown>> = {
  Shared: (name, edit) => ({ displayName: `Bench ${name}, edit ${edit}` }),
  HTTPRoute: (name, edit) => ({ endpoint: { hostname: `edit-${edit}.${name}.scim.test` } }),
}
