/** The attributes that every resource has and no schema lists (RFC 7643 section 3.1). */

import type { Attribute } from '#scim/schema.ts'
import { attribute } from './attribute.ts'

export const commonAttributes: readonly Attribute[] = [
  attribute('schemas', 'reference', 'URNs of the schemas that the resource uses.', {
    multiValued: true,
    required: true,
    returned: 'always',
    mutability: 'readOnly',
    referenceTypes: ['uri'],
  }),
  attribute('id', 'string', 'Identifier given by the server: unique, stable, never used again.', {
    required: true,
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  attribute('externalId', 'string', 'Identifier given by the client.', { caseExact: true }),
  attribute('meta', 'complex', 'What the server knows about the resource.', {
    mutability: 'readOnly',
    subAttributes: [
      attribute('resourceType', 'string', 'Name of the resource type.', {
        caseExact: true,
        mutability: 'readOnly',
      }),
      attribute('created', 'dateTime', 'When the resource was created.', { mutability: 'readOnly' }),
      attribute('lastModified', 'dateTime', 'When the resource last changed.', { mutability: 'readOnly' }),
      attribute('location', 'reference', 'URI of the resource.', {
        mutability: 'readOnly',
        referenceTypes: ['uri'],
      }),
      attribute('version', 'string', 'Version of the resource: its entity tag.', {
        caseExact: true,
        mutability: 'readOnly',
      }),
    ],
  }),
]
