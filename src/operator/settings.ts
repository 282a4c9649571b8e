/** What the operator is told at its start, beside what it reads from Kubernetes. */

import type { Backend, ParentReference } from './tenant/manifests.ts'

export interface OperatorSettings {
  /** For integrations that name no type. */
  readonly defaultEndpointType: 'HTTPRoute' | 'Ingress' | 'Shared' | 'None'
  /** Gives every tenant the host `<tenantID>.<baseDomain>`. */
  readonly baseDomain?: string
  /** Scheme and port of the hosts, as clients see them; https and its own port unless told. */
  readonly publicScheme?: 'https' | 'http'
  readonly publicPort?: number
  /** Origin under which tenants are told apart by path (`/t/<tenantID>`), if they are. */
  readonly pathOrigin?: string
  /** Where readers use their tokens; told them in the delivery Secret. */
  readonly directoryURL?: string
  /** Parents of HTTPRoutes of integrations that name none; the Gateway `scim-operator` unless told. */
  readonly parentRefs?: readonly ParentReference[]
  /** The Service of the SCIM server; `scim-operator-server`, port 8080, unless told. */
  readonly backend?: Backend
  /** How often everything is looked at again though nothing happened; 600 unless told. */
  readonly resyncSeconds?: number
}

export const defaultParentRefs: readonly ParentReference[] = [
  { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'scim-operator' },
]

export const defaultBackend: Backend = { name: 'scim-operator-server', port: 8080 }
