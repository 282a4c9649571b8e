/** GET of a list: of one resource type, or of all at the root (RFC 7644 section 3.4.2). */

import type { ResourceType } from '#scim/schema.ts'

import type { Answer } from '#server/answer.ts'
import type { Call } from '#server/call.ts'
import { listing } from '#server/listing.ts'

export const list = (call: Call, type?: ResourceType): Promise<Answer> => listing(call, call.query, type)
