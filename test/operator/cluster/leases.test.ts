import { expect, test } from 'vitest'

import { clusterLeases } from '#operator/cluster/leases.ts'
import { json, refused, scriptedApi } from '#test/kit/scripted-api.ts'

const key = { namespace: 'acme', name: 'operator' }
const lease = {
  ...key,
  resourceVersion: '4',
  holderIdentity: 'me',
  leaseDurationSeconds: 15,
  acquireTime: '2026-11-22T10:00:00.000000Z',
  renewTime: '2026-11-22T10:00:02.123000Z',
  leaseTransitions: 3,
}
const { namespace: _namespace, name: _name, resourceVersion: _version, ...spec } = lease
const served = { metadata: { ...key, resourceVersion: '4' }, spec }
const path = '/apis/coordination.k8s.io/v1/namespaces/acme/leases'

test('a Lease is read as it stands, and one that is not there is undefined', async () => {
  await using api = await scriptedApi([json(200, served), refused(404, 'NotFound')])
  const leases = clusterLeases(api.transport)
  expect(await leases.read(key)).toEqual(lease)
  expect(await leases.read(key)).toBeUndefined()
  expect(api.calls[0]?.path).toBe(`${path}/operator`)
})

test('what a foreign writer left out of a Lease is empty', async () => {
  await using api = await scriptedApi([json(200, { metadata: { ...key, resourceVersion: '4' }, spec: {} })])
  expect(await clusterLeases(api.transport).read(key)).toEqual({
    ...key,
    resourceVersion: '4',
    holderIdentity: '',
    leaseDurationSeconds: 0,
    acquireTime: '',
    renewTime: '',
    leaseTransitions: 0,
  })
})

test('a Lease is created without and replaced under its version, with six digits after the second', async () => {
  await using api = await scriptedApi([json(201, served)])
  const leases = clusterLeases(api.transport)
  const { resourceVersion: _version, ...fresh } = lease
  expect(await leases.create(fresh)).toEqual(lease)
  await leases.replace({ ...lease, acquireTime: '', renewTime: '2026-11-22T10:00:04.5Z' })
  expect(api.calls).toMatchObject([
    { method: 'POST', path, body: { metadata: key, spec } },
    {
      method: 'PUT',
      path: `${path}/operator`,
      body: {
        metadata: { ...key, resourceVersion: '4' },
        spec: { holderIdentity: 'me', renewTime: '2026-11-22T10:00:04.500000Z' },
      },
    },
  ])
  expect(api.calls[0]?.body).not.toHaveProperty('metadata.resourceVersion')
  expect(api.calls[1]?.body).not.toHaveProperty('spec.acquireTime')
})

test('a race that is lost is said by its reason', async () => {
  await using api = await scriptedApi([refused(409, 'AlreadyExists'), refused(409, 'Conflict')])
  const leases = clusterLeases(api.transport)
  await expect(leases.create(lease)).rejects.toMatchObject({ reason: 'AlreadyExists' })
  await expect(leases.replace(lease)).rejects.toMatchObject({ reason: 'Conflict' })
})
