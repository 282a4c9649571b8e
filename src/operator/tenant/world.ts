/** What one reconcile of an integration sees, gathered before anything is decided. */

import type { TokenRecord } from '#directory/token.ts'
import type { ScimIntegration } from '#operator/api/scim-integration.ts'
import type { KubeObject } from '#operator/kube.ts'

import type { ObservedRoute } from './endpoint.ts'
import type { Owner } from './names.ts'
import type { Candidates } from './ownership.ts'
import type { Provided } from './provided-token.ts'

export interface World {
  readonly integration: ScimIntegration
  /** The same as the API has it, for Events and finalizers. */
  readonly object: KubeObject
  readonly owner: Owner
  readonly candidates: Candidates
  /** Whatever has the name of the Secret of token records, ours or not. */
  readonly hashSecret: KubeObject | undefined
  /** Secrets that carry our label and this integration's name. */
  readonly secrets: readonly KubeObject[]
  /** Token rows of the tenant that the integration has or is to take over. */
  readonly rows: readonly TokenRecord[]
  /** What the Secret of `token.secretRef` holds; read only when it is to be read. */
  readonly provided?: Provided
  /** Names at which a Secret was to be made and another stood: it is not ours, whatever it says. */
  readonly occupied: readonly string[]
  readonly routes: readonly ObservedRoute[]
  /** Policies of this integration. */
  readonly policies: readonly KubeObject[]
}
