import { describe, expect, test } from 'vitest'

import { credentialsIn } from '#server/authenticate.ts'

describe('the Authorization header', () => {
  // Okta sends the text of its field as it is, with or without the scheme.
  test.for(['Bearer abc', 'bearer abc', 'BEARER   abc', '  Bearer abc ', 'abc'])(
    '%j carries the token abc',
    (header) => {
      expect(credentialsIn(header)).toBe('abc')
    },
  )

  test.for([undefined, '', '   ', 'Basic YWJjOmRlZg==', 'Bearer a b'])('%j carries no token', (header) => {
    expect(credentialsIn(header)).toBeUndefined()
  })
})
