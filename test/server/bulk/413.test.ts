import { expect, test } from 'vitest'

import { messageUrns } from '#scim/urns.ts'
import { aUser } from '#test/kit/scim-bodies.ts'
import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const remove = { method: 'DELETE', path: '/Users/nobody' }
const request = (Operations: readonly object[]): object => ({
  schemas: [messageUrns.bulkRequest],
  Operations,
})

// "If either limit is exceeded, the service provider MUST return HTTP response code 413 (Payload Too Large). The
// returned response MUST specify the limit exceeded in the body of the error response."
test('E3: a thousand operations are worked off, one more is 413 and names the limit', async () => {
  const { status, body } = await used.tenant.post(
    '/Bulk',
    request(Array.from({ length: 1000 }, () => remove)),
  )
  expect(status).toBe(200)
  expect(body.Operations).toHaveLength(1000)
  const refused = await used.tenant.post('/Bulk', request(Array.from({ length: 1001 }, () => remove)))
  expect(refused).toEqual(scimError(413))
  expect(refused.body.detail).toContain('1000 operations')
})

test('E3: a body beyond the maxPayloadSize that ServiceProviderConfig tells is 413 and names it', async () => {
  const tenant = await used.server.newTenant({ settings: { limits: { maxPayloadBytes: 50_000 } } })
  const { maxPayloadSize } = (await tenant.get('/ServiceProviderConfig')).body.bulk
  expect(maxPayloadSize).toBe(50_000)
  const data = aUser('big@example.com', { title: 'x'.repeat(50_000) })
  const refused = await tenant.post('/Bulk', request([{ method: 'POST', path: '/Users', bulkId: 'a', data }]))
  expect(refused).toEqual(scimError(413))
  expect(refused.body.detail).toContain('50000')
})

test.for([
  ['no JSON', '{', 'invalidSyntax'],
  ['a list', '[]', 'invalidSyntax'],
  [
    'another message',
    JSON.stringify({ schemas: [messageUrns.patchOp], Operations: [remove] }),
    'invalidSyntax',
  ],
  ['no operation', JSON.stringify(request([])), 'invalidValue'],
] as const)('E3: a body that is %s is refused as a whole', async ([, raw, scimType]) => {
  expect(await used.tenant.send('POST', '/Bulk', { raw })).toEqual(scimError(400, scimType))
})
