/** Paths and methods -> handlers. No line here or in a handler knows one resource type from another. */

import { ScimError } from '#scim/errors.ts'
import { resourceTypes } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'

import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { bulk } from './handlers/bulk.ts'
import {
  resourceTypeList,
  resourceTypeNamed,
  schemaList,
  schemaNamed,
  serviceProvider,
} from './handlers/discovery.ts'
import { list } from './handlers/list.ts'
import { search } from './handlers/search.ts'
import { methodNotAllowed } from './refusal.ts'
import { collection, item } from './resource-routes.ts'
import type { Endpoint } from './resource-routes.ts'

export interface Route {
  /** Resource type or endpoint, for metrics. */
  readonly name: string
  /** Answers without a token. */
  readonly isPublic: boolean
  handle(call: Call): Promise<Answer> | Answer
}

const searchOf = (type: ResourceType): Endpoint => ({
  name: type.name,
  methods: { POST: (call) => search(call, type) },
})

/** Endpoints by their whole path. */
const fixed: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/', { name: 'Root', methods: { GET: (call) => list(call) } }],
  ['/.search', { name: 'Root', methods: { POST: (call) => search(call) } }],
  ['/Bulk', { name: 'Bulk', methods: { POST: bulk } }],
  // Readable without a token: it says how to authenticate (RFC 7643 section 5).
  [
    '/ServiceProviderConfig',
    { name: 'ServiceProviderConfig', isPublic: true, methods: { GET: serviceProvider } },
  ],
  ['/ResourceTypes', { name: 'ResourceTypes', methods: { GET: resourceTypeList } }],
  ['/Schemas', { name: 'Schemas', methods: { GET: schemaList } }],
  ...resourceTypes.map((type) => [type.endpoint, collection(type)] as const),
  ...resourceTypes.map((type) => [`${type.endpoint}/.search`, searchOf(type)] as const),
])

/** Endpoints by the path in front of an id. */
const items: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/ResourceTypes', { name: 'ResourceTypes', methods: { GET: resourceTypeNamed } }],
  ['/Schemas', { name: 'Schemas', methods: { GET: schemaNamed } }],
  ...resourceTypes.map((type) => [type.endpoint, item(type)] as const),
])

/** What RFC 7644 defines and this server does not do, with the reason. */
const unsupported: ReadonlyMap<string, string> = new Map([
  ['/Me', 'A token stands for an integration, not for a user, so there is no /Me (RFC 7644 section 3.11).'],
])

/** The route of a path below the base URL; it always has one, since refusing an unknown path is a route too. */
export const routeOf = (path: string, method: string): Route => {
  // RFC 7644 section 3.8 allows a suffix instead of an Accept header.
  const plain = path.endsWith('.scim') ? path.slice(0, -'.scim'.length) : path
  const endpoint = fixed.get(plain)
  if (endpoint !== undefined) return routeAt(endpoint, method, '')
  const slash = plain.lastIndexOf('/')
  const above = plain.slice(0, slash)
  const ofItem = items.get(above)
  if (ofItem !== undefined) return routeAt(ofItem, method, plain.slice(slash + 1))
  const reason = unsupported.get(above === '' ? plain : above)
  return refusing(
    reason === undefined ? new ScimError(404, 'There is no such endpoint.') : new ScimError(501, reason),
  )
}

const routeAt = (endpoint: Endpoint, method: string, encodedId: string): Route => {
  // HEAD is GET without the body, which Node leaves out.
  const handle = endpoint.methods[method === 'HEAD' ? 'GET' : method]
  const { name, isPublic = false } = endpoint
  if (handle === undefined)
    return {
      name,
      isPublic,
      handle: () => {
        throw methodNotAllowed(endpoint.methods, method)
      },
    }
  return { name, isPublic, handle: (call) => handle(call, decodeId(encodedId)) }
}

const refusing = (error: ScimError): Route => ({
  name: 'unknown',
  isPublic: false,
  handle() {
    throw error
  },
})

/** What cannot be decoded is nobody's id. */
const decodeId = (encoded: string): string => {
  if (!encoded.includes('%')) return encoded
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}
