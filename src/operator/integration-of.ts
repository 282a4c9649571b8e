/** Which integration an object belongs to: what its label says of a child, its reference of a policy. */

import { scimAssignmentPolicy } from './api/scim-assignment-policy.ts'
import { textAt, textOf } from './object-key.ts'
import { integrationLabel } from './tenant/names.ts'

import type { KubeObject } from './kube.ts'

/** The key of the integration, which need not exist; none of an object that belongs to none. */
export function integrationsOf(object: KubeObject): readonly string[] {
  const { namespace, labels } = object.metadata
  const name =
    object.kind === scimAssignmentPolicy.kind
      ? textAt(object['spec'], 'integrationRef', 'name')
      : labels?.[integrationLabel]
  return name === undefined ? [] : [textOf({ namespace, name })]
}
