/** The Group schema as data (RFC 7643 sections 4.2 and 8.7.1). */

import type { Schema } from '#scim/schema.ts'
import { schemaUrns } from '#scim/urns.ts'
import { attribute } from './attribute.ts'

export const groupSchema: Schema = {
  id: schemaUrns.group,
  aliases: [
    'urn:scim:schemas:core:1.0:Group',
    'urn:scim:schemas:core:2.0:Group',
    'urn:scim:schemas:core:1.0',
  ],
  name: 'Group',
  description: 'Group',
  attributes: [
    // The text of 4.2 says REQUIRED, the JSON of 8.7.1 says not; we follow the text, and names are unique here.
    attribute('displayName', 'string', 'Name of the group, unique whatever its case.', {
      required: true,
      uniqueness: 'server',
    }),
    attribute('members', 'complex', 'Members of the group.', {
      multiValued: true,
      subAttributes: [
        attribute('value', 'string', 'Identifier of the member.', {
          caseExact: true,
          mutability: 'immutable',
        }),
        attribute('$ref', 'reference', 'URI of the member.', {
          mutability: 'immutable',
          referenceTypes: ['User', 'Group'],
        }),
        attribute('type', 'string', 'Resource type of the member.', {
          mutability: 'immutable',
          canonicalValues: ['User', 'Group'],
        }),
        attribute('display', 'string', 'Display name of the member.', { mutability: 'readOnly' }),
      ],
    }),
  ],
}
