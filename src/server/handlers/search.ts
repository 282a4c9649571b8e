/** POST of a query that is too long or too private for a URL: the same answer as GET (RFC 7644 section 3.4.3). */

import { searchParameters } from '#scim/list-query.ts'
import type { ResourceType } from '#scim/schema.ts'

import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { listing } from '#server/listing.ts'

export const search = async (call: Call, type?: ResourceType): Promise<Answer> =>
  listing(call, searchParameters(await call.body()), type)
