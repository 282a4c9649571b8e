import { expect, test } from 'vitest'

import { aGroup, aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

test('C2, R7: a userName or group name that is taken, in any case, is a uniqueness conflict', async () => {
  await used.tenant.create('/Users', aUser('taken@example.com'))
  expect(await used.tenant.post('/Users', aUser('TAKEN@Example.com'))).toEqual(scimError(409, 'uniqueness'))
  await used.tenant.create('/Groups', aGroup('Taken'))
  expect(await used.tenant.post('/Groups', aGroup('tAKEN'))).toEqual(scimError(409, 'uniqueness'))
})

// Conflict 6 of the reference: Microsoft's validator reuses one externalId.
test('an externalId may be used twice', async () => {
  await used.tenant.create('/Users', aUser('one@example.com', { externalId: 'twice' }))
  expect((await used.tenant.post('/Users', aUser('two@example.com', { externalId: 'twice' }))).status).toBe(
    201,
  )
})

// A POST that is repeated after a timeout.
test('hard spot 27: of many identical requests at once exactly one creates', async () => {
  const replies = await Promise.all(
    Array.from({ length: 8 }, () => used.tenant.post('/Users', aUser('race@example.com'))),
  )
  expect(replies.map(({ status }) => String(status)).toSorted()).toEqual([
    '201',
    ...Array.from({ length: 7 }, () => '409'),
  ])
})

test('C7, R2: the name of a deleted resource is free again, under a new id', async () => {
  const first = await used.tenant.create('/Users', aUser('again@example.com'))
  await used.tenant.delete(`/Users/${first}`)
  const second = await used.tenant.create('/Users', aUser('again@example.com'))
  expect(second).not.toBe(first)
})
