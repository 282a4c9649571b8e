/** A refusal to expect: `expect(() => parse(x)).toThrow(refusal(400, 'invalidPath'))`. */

import { expect } from 'vitest'

export const refusal = (status: number, scimType?: string): unknown =>
  expect.objectContaining({ status, ...(scimType === undefined ? {} : { scimType }) })
