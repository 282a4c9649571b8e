/** Leases of the cluster, over connections of their own, so that no crowd of other calls holds up a renewal. */
import { KubeError } from '#operator/kube.ts'
import { V1MicroTime } from '@kubernetes/client-node'

import { fieldsOf } from './json.ts'
import { collectionPath, objectPath } from './paths.ts'

import type { ObjectKey } from '#operator/kube.ts'
import type { Lease, Leases } from '#operator/leases.ts'
import type { V1Lease } from '@kubernetes/client-node'

import type { Transport } from './transport.ts'

const resource = { apiVersion: 'coordination.k8s.io/v1', plural: 'leases' }

export function clusterLeases(transport: Transport): Leases {
  return {
    async read(key, { signal } = {}) {
      try {
        return parseLease(
          key,
          await transport.call({ method: 'GET', path: objectPath(resource, key), signal }, 'lease'),
        )
      } catch (error) {
        if (error instanceof KubeError && error.reason === 'NotFound') return undefined
        throw error
      }
    },
    create: async (lease, { signal } = {}) =>
      parseLease(
        lease,
        await transport.call(
          {
            method: 'POST',
            path: collectionPath(resource, lease.namespace),
            body: leaseBody(lease),
            signal,
          },
          'lease',
        ),
      ),
    replace: async (lease, { signal } = {}) =>
      parseLease(
        lease,
        await transport.call(
          { method: 'PUT', path: objectPath(resource, lease), body: leaseBody(lease), signal },
          'lease',
        ),
      ),
  }
}

function leaseBody(lease: Lease): V1Lease {
  const { namespace, name, resourceVersion, acquireTime, renewTime } = lease
  return {
    apiVersion: resource.apiVersion,
    kind: 'Lease',
    metadata: { namespace, name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: {
      holderIdentity: lease.holderIdentity,
      leaseDurationSeconds: lease.leaseDurationSeconds,
      leaseTransitions: lease.leaseTransitions,
      // A Date has three digits after the second, and the API server refuses all but six.
      ...(acquireTime === '' ? {} : { acquireTime: new V1MicroTime(acquireTime) }),
      ...(renewTime === '' ? {} : { renewTime: new V1MicroTime(renewTime) }),
    },
  }
}

/** Whoever else writes Leases may leave anything out but the name. */
function parseLease({ namespace, name }: ObjectKey, value: unknown): Lease {
  const { metadata, spec } = fieldsOf(value)
  const { resourceVersion } = fieldsOf(metadata)
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = fieldsOf(spec)
  if (typeof resourceVersion !== 'string')
    throw new KubeError(200, 'Unknown', `the Lease ${namespace}/${name} has no resourceVersion`)
  return {
    namespace,
    name,
    resourceVersion,
    holderIdentity: textOr(holderIdentity),
    leaseDurationSeconds: numberOr(leaseDurationSeconds),
    acquireTime: textOr(acquireTime),
    renewTime: textOr(renewTime),
    leaseTransitions: numberOr(leaseTransitions),
  }
}

function textOr(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function numberOr(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
