import { expect, test } from 'vitest'

import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

// It must never answer with everybody.
test.for([
  '',
  ' ',
  'userName',
  'userName eq',
  'userName foo "x"',
  'userName eq "x',
  'userName eq "x" and',
  '(userName eq "x"',
  'userName eq "x") or (userName pr',
  'nothing eq "x"',
  'name eq "x"',
  'active gt true',
  'emails[type eq "work"',
  'password eq "x"',
  'userName eq "\\u0000"',
  'userName eq "\\ud83d"',
  'externalId eq "\\u0000"',
  'title co "\\u0000abc"',
  'title eq "\\ud83d\\ud83d"',
  `${'('.repeat(100)}userName pr${')'.repeat(100)}`,
  `userName eq "${'x'.repeat(5000)}"`,
])('F9, F11, hard spot 14: the filter %j is refused as invalidFilter', async (filter) => {
  expect(await used.tenant.get(`/Users?filter=${encodeURIComponent(filter)}`)).toEqual(
    scimError(400, 'invalidFilter'),
  )
  expect(await used.tenant.post('/Users/.search', { filter })).toEqual(scimError(400, 'invalidFilter'))
})

test.for([
  ['count=many', 'invalidValue'],
  ['startIndex=1.5', 'invalidValue'],
  ['sortBy=nothing', 'invalidValue'],
  ['sortBy=userName&sortOrder=sideways', 'invalidValue'],
  ['attributes=userName&excludedAttributes=title', 'invalidValue'],
  ['filter=%ff', 'invalidValue'],
  ['filter=%00', 'invalidValue'],
  ['cursor=nonsense', 'invalidCursor'],
  ['cursor=&count=x', 'invalidCount'],
] as const)('?%s is refused as %s', async ([query, scimType]) => {
  expect(await used.tenant.get(`/Users?${query}`)).toEqual(scimError(400, scimType))
})

test('a cursor of another query, or of another tenant, is refused', async () => {
  for (const userName of ['a', 'b', 'c']) await used.tenant.create('/Users', { userName })
  const { body } = await used.tenant.get('/Users?cursor=&count=1')
  expect(await used.tenant.get(`/Users?filter=active%20pr&cursor=${body.nextCursor}`)).toEqual(
    scimError(400, 'invalidCursor'),
  )
  expect(await used.tenant.get(`/Groups?cursor=${body.nextCursor}`)).toEqual(scimError(400, 'invalidCursor'))
  const other = await used.server.newTenant()
  expect(await other.get(`/Users?cursor=${body.nextCursor}`)).toEqual(scimError(400, 'invalidCursor'))
})
