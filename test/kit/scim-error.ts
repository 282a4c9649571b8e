/** What a refusal looks like on the wire (RFC 7644 section 3.12). */

import { expect } from 'vitest'

import type { Reply } from './server.ts'

/** Expects a SCIM Error body of this status in a SCIM content type, with a request id. */
export const expectScimError = (reply: Reply, status: number, scimType?: string): void => {
  expect({ status: reply.status, body: reply.body }).toEqual({
    status,
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      detail: expect.stringMatching(/\w/),
      ...(scimType === undefined ? {} : { scimType }),
    },
  })
  expect(reply.headers['content-type']).toMatch(/^application\/(scim\+)?json$/)
  expect(reply.headers['x-request-id']).toMatch(/^[\w-]{36}$/)
}
