/** The schemas of the discovery resources as data (RFC 7643 sections 5, 6, 7 and 8.7.2, RFC 9865 section 4). */

import type { Attribute, Schema } from '#scim/schema.ts'
import { schemaUrns } from '#scim/urns.ts'
import { attribute } from './attribute.ts'

type Traits = Partial<Attribute>

const readOnly = (
  name: string,
  type: Attribute['type'],
  description: string,
  traits: Traits = {},
): Attribute => attribute(name, type, description, { ...traits, mutability: 'readOnly' })

const required: Traits = { required: true }
const supported = readOnly('supported', 'boolean', 'Whether it is supported.', required)

const group = (
  name: string,
  description: string,
  subAttributes: readonly Attribute[],
  traits: Traits = {},
): Attribute => readOnly(name, 'complex', description, { ...traits, subAttributes })

export const serviceProviderConfigSchema: Schema = {
  id: schemaUrns.serviceProviderConfig,
  name: 'Service Provider Configuration',
  description: 'What the server supports',
  attributes: [
    readOnly('documentationUri', 'reference', 'URL of the documentation.', { referenceTypes: ['external'] }),
    group('patch', 'PATCH.', [supported], required),
    group(
      'bulk',
      'Bulk requests.',
      [
        supported,
        readOnly('maxOperations', 'integer', 'Most operations in one request.', required),
        readOnly('maxPayloadSize', 'integer', 'Most bytes of one request.', required),
      ],
      required,
    ),
    group(
      'filter',
      'Filters.',
      [supported, readOnly('maxResults', 'integer', 'Most resources in one answer.', required)],
      required,
    ),
    group('changePassword', 'Changing passwords.', [supported], required),
    group('sort', 'Sorting.', [supported], required),
    group('etag', 'Entity tags.', [supported], required),
    group('pagination', 'Ways of paging.', [
      readOnly('cursor', 'boolean', 'Whether paging by cursor is supported.', required),
      readOnly('index', 'boolean', 'Whether paging by index is supported.', required),
      readOnly('defaultPaginationMethod', 'string', 'The way of paging if a request names none.'),
      readOnly('defaultPageSize', 'integer', 'Resources on a page if a request names no count.'),
      readOnly('maxPageSize', 'integer', 'Most resources on a page.'),
      readOnly('cursorTimeout', 'integer', 'Seconds for which a cursor is good.'),
    ]),
    group(
      'authenticationSchemes',
      'How clients authenticate.',
      [
        readOnly('type', 'string', 'The scheme.', {
          ...required,
          canonicalValues: ['oauth', 'oauth2', 'oauthbearertoken', 'httpbasic', 'httpdigest'],
        }),
        readOnly('name', 'string', 'Its common name.', required),
        readOnly('description', 'string', 'What it is.', required),
        readOnly('specUri', 'reference', 'URL of its specification.', { referenceTypes: ['external'] }),
        readOnly('documentationUri', 'reference', 'URL of its documentation.', {
          referenceTypes: ['external'],
        }),
        readOnly('primary', 'boolean', 'Whether it is the preferred scheme.'),
      ],
      { ...required, multiValued: true },
    ),
  ],
}

export const resourceTypeSchema: Schema = {
  id: schemaUrns.resourceType,
  name: 'ResourceType',
  description: 'A kind of resource',
  attributes: [
    readOnly('id', 'string', 'Identifier, the same as the name.', { caseExact: true }),
    readOnly('name', 'string', 'Name of the resource type.', { ...required, caseExact: true }),
    readOnly('description', 'string', 'What it is.'),
    readOnly('endpoint', 'reference', 'Path below the base URL.', { ...required, referenceTypes: ['uri'] }),
    readOnly('schema', 'reference', 'URN of its schema.', { ...required, referenceTypes: ['uri'] }),
    group(
      'schemaExtensions',
      'Extensions of its schema.',
      [
        readOnly('schema', 'reference', 'URN of the extension.', { ...required, referenceTypes: ['uri'] }),
        readOnly('required', 'boolean', 'Whether every resource has it.', required),
      ],
      { multiValued: true },
    ),
  ],
}

const characteristics: readonly Attribute[] = [
  readOnly('name', 'string', 'Name of the attribute.', { ...required, caseExact: true }),
  readOnly('type', 'string', 'Type of its values.', {
    ...required,
    canonicalValues: [
      'string',
      'boolean',
      'decimal',
      'integer',
      'dateTime',
      'reference',
      'binary',
      'complex',
    ],
  }),
  readOnly('multiValued', 'boolean', 'Whether it is a list.', required),
  readOnly('description', 'string', 'What it is.'),
  readOnly('required', 'boolean', 'Whether every resource has it.'),
  readOnly('canonicalValues', 'string', 'Values with a known meaning.', { multiValued: true }),
  readOnly('caseExact', 'boolean', 'Whether case counts in comparisons.'),
  readOnly('mutability', 'string', 'Whether and when it can be written.', {
    canonicalValues: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
  }),
  readOnly('returned', 'string', 'When it is shown.', {
    canonicalValues: ['always', 'never', 'default', 'request'],
  }),
  readOnly('uniqueness', 'string', 'Among which resources a value is unique.', {
    canonicalValues: ['none', 'server', 'global'],
  }),
  readOnly('referenceTypes', 'string', 'What a reference may point to.', { multiValued: true }),
]

export const schemaSchema: Schema = {
  id: schemaUrns.schema,
  name: 'Schema',
  description: 'A schema',
  attributes: [
    readOnly('id', 'string', 'URN of the schema.', { ...required, caseExact: true }),
    readOnly('name', 'string', 'Its name.'),
    readOnly('description', 'string', 'What it is.'),
    group(
      'attributes',
      'Its attributes.',
      [
        ...characteristics,
        group('subAttributes', 'Its parts, if it is complex.', characteristics, { multiValued: true }),
      ],
      { ...required, multiValued: true },
    ),
  ],
}
