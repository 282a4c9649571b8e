/** Refusals as the client reads them (RFC 7644 section 3.12). */

import { expect, test } from 'vitest'
import { ScimError, toBody } from '#scim/errors.ts'

// "status  The HTTP status code … expressed as a JSON string."
test('an Error body has its status as a string, and a scimType only where there is one', () => {
  expect(
    toBody(new ScimError(409, 'userName is taken.', { scimType: 'uniqueness', private: 'row 5' })),
  ).toEqual({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '409',
    scimType: 'uniqueness',
    detail: 'userName is taken.',
  })
  expect(toBody(new ScimError(404, 'Not found.'))).not.toHaveProperty('scimType')
})

test('a refusal quotes the beginning of what was sent, not a megabyte of it', () => {
  const sent = `${'x'.repeat(499)}\u{1F680}${'y'.repeat(1_000_000)}`
  const { message, path } = new ScimError(400, sent, { path: sent })
  expect([message.length, path?.length]).toEqual([501, 501])
  expect(message.isWellFormed()).toBe(true)
})
