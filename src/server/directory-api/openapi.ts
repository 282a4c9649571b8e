/** The description of the Directory API as OpenAPI 3.1, made from the schemas that check its queries and answers. */

import { z } from 'zod'

import type { Endpoint } from './endpoint.ts'
import { problemType } from './problem.ts'

/** The whole document as JSON text. */
export const openApiText = (endpoints: readonly Endpoint[]): string =>
  JSON.stringify({
    openapi: '3.1.0',
    info: {
      title: 'Directory API',
      version: 'v1',
      description:
        'Users, groups and assignments of one integration, read only. The token names the integration. Lists are ' +
        'walked by cursor: ask again with `cursor` set to `next` until it is null.',
    },
    security: [{ reader: [] }],
    paths: Object.fromEntries(endpoints.map((endpoint) => [endpoint.path, { get: operation(endpoint) }])),
    components: {
      securitySchemes: {
        reader: { type: 'http', scheme: 'bearer', description: 'A token of scope `read` (spec.readers).' },
      },
      schemas: { Problem: problemSchema },
      responses: {
        Problem: {
          description: 'A refusal (RFC 9457).',
          content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  })

const operation = (endpoint: Endpoint): object => ({
  operationId: endpoint.operationId,
  summary: endpoint.summary,
  parameters: parameters(endpoint.query),
  responses: {
    200: {
      description: 'The answer.',
      content: { 'application/json': { schema: schemaOf(endpoint.answer, 'output') } },
    },
    default: { $ref: '#/components/responses/Problem' },
  },
})

const parameters = (query: z.ZodObject): readonly object[] => {
  const { properties = {}, required = [] } = schemaOf(query, 'input')
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

/** OpenAPI 3.1 speaks JSON Schema 2020-12, which needs no `$schema` inside a document. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): z.core.JSONSchema.BaseSchema => {
  const { $schema: _, '~standard': __, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    parameter: { type: 'string', description: 'The parameter that the refusal is about.' },
    requestId: { type: 'string', description: 'In our logs too.' },
  },
}
