/** What a refusal looks like on the wire (RFC 7644 section 3.12): `expect(reply).toEqual(scimError(404))`. */

import { expect } from 'vitest'

/** A reply with exactly this Error body, in a SCIM content type, with a request id. */
export const scimError = (status: number, scimType?: string): unknown =>
  expect.objectContaining({
    status,
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      detail: expect.stringMatching(/\w/),
      ...(scimType === undefined ? {} : { scimType }),
    },
    headers: expect.objectContaining({
      'content-type': expect.stringMatching(/^application\/(scim\+)?json$/),
      'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
    }),
  })
