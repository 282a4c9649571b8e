import { expect, test } from 'vitest'

import { aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

test.for([
  'nobody',
  '01a203d3-ea8a-79a9-b1f1-6c436d742113',
  "'; drop table resource; --",
  '%00',
  '%zz',
  '%ff',
  'x'.repeat(4000),
  '🚀',
])('C5: GET of the id %j is a SCIM 404', async (id) => {
  const path = id.startsWith('%') ? id : encodeURIComponent(id)
  expect(await used.tenant.get(`/Users/${path}`)).toEqual(scimError(404))
  expect(await used.tenant.get(`/Groups/${path}`)).toEqual(scimError(404))
})

test('a user is no group, and a group no user', async () => {
  const user = await used.tenant.create('/Users', aUser('only-user@example.com'))
  expect(await used.tenant.get(`/Groups/${user}`)).toEqual(scimError(404))
})
