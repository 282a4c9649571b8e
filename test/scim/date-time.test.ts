/** xsd:dateTime (RFC 7643 section 2.3.5). */

import { expect, test } from 'vitest'
import { parseDateTime } from '#scim/date-time.ts'

test.for([
  ['2008-01-23T04:56:22Z', '2008-01-23T04:56:22.000Z'],
  ['2008-01-23t04:56:22z', undefined],
  ['2008-01-23T04:56:22.5-05:30', '2008-01-23T10:26:22.500Z'],
  ['2008-01-23T04:56:22.123456789+00:00', '2008-01-23T04:56:22.123Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2023-02-29T00:00:00Z', undefined],
  ['2023-13-01T00:00:00Z', undefined],
  ['2023-01-01T25:00:00Z', undefined],
  ['2023-01-01T24:00:00Z', undefined],
  ['2023-01-01T00:00:00+24:01', undefined],
  ['2023-01-01', undefined],
  ['2023-01-01 00:00:00Z', undefined],
  ['0000-01-01T00:00:00Z', undefined],
  ['9999-12-31T23:59:59-01:00', undefined],
  ['', undefined],
] as const)('%s is %s', ([text, expected]) => {
  const milliseconds = parseDateTime(text)
  expect(milliseconds === undefined ? undefined : new Date(milliseconds).toISOString()).toBe(expected)
})
