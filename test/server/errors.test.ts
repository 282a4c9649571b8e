import { describe, expect, test } from 'vitest'

import { scimError } from '#test/kit/scim-error.ts'
import { useServer } from '#test/kit/use-server.ts'

const used = useServer()
const some = '01a203d3-ea8a-79a9-b1f1-6c436d742113'

/** Every route with the methods that it has. */
const routes: readonly (readonly [string, readonly string[]])[] = [
  ['/', ['GET', 'HEAD']],
  ['/.search', ['POST']],
  ['/Users', ['GET', 'HEAD', 'POST']],
  ['/Groups', ['GET', 'HEAD', 'POST']],
  ['/Users/.search', ['POST']],
  ['/Groups/.search', ['POST']],
  [`/Users/${some}`, ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']],
  [`/Groups/${some}`, ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']],
  ['/Bulk', ['POST']],
  ['/ServiceProviderConfig', ['GET', 'HEAD']],
  ['/ResourceTypes', ['GET', 'HEAD']],
  ['/ResourceTypes/User', ['GET', 'HEAD']],
  ['/Schemas', ['GET', 'HEAD']],
  ['/Schemas/urn:ietf:params:scim:schemas:core:2.0:User', ['GET', 'HEAD']],
]

describe('every route', () => {
  // Plain text and HTML hide the cause.
  test.for(routes)(
    'D1, C8, hard spot 11: %s refuses any method but %j with 405 and says which it has',
    async ([path, methods]) => {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
        if (methods.includes(method)) continue
        const reply = await used.tenant.send(method, path)
        expect(reply).toEqual(scimError(405))
        expect(reply.headers['allow']).toBe(methods.join(', '))
      }
    },
  )

  test.for(routes)(
    '%s tells no caches to keep an answer, and names no framework',
    async ([path, methods]) => {
      const reply = await used.tenant.send(methods[0] ?? 'GET', path)
      expect(reply.headers['cache-control']).toBe('no-store')
      expect(reply.headers).not.toHaveProperty('x-powered-by')
    },
  )
})

test.for([
  '/Nothing',
  '/users',
  '/Users/a/b',
  '/Users/.search/x',
  '/Schemas/a/b',
  '/v1/Users',
  '/%2e%2e',
  '/Users%2Fx',
  '/🚀',
])('D3, hard spot 11: the unknown route %s is a SCIM 404 for every method', async (path) => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    expect(await used.tenant.send(method, encodeURI(path))).toEqual(scimError(404))
})

// E4: a token stands for an integration, not for a user.
test.for(['/Me', '/Me/emails'])('E4, C8: %s is 501 for every method', async (path) => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    expect(await used.tenant.send(method, path)).toEqual(scimError(501))
})

test('every answer has a request id of its own', async () => {
  const replies = await Promise.all([
    used.tenant.get('/Users'),
    used.tenant.get('/Users/x'),
    used.tenant.get('/Nothing'),
    used.tenant.delete(`/Users/${some}`),
  ])
  expect(new Set(replies.map(({ headers }) => headers['x-request-id'])).size).toBe(4)
})
