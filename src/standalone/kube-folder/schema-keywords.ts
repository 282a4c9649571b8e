/** Which words of a schema the folder adapter enforces: a definition that says more must fail at start, not be obeyed by half. */
import { isObject } from './json.ts'

import type { OpenApiSchema } from '#operator/api/crd.ts'

const enforced = new Set([
  'type',
  'format',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'required',
  'properties',
  'additionalProperties',
  'items',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
])

/** Words for people, which ask for nothing. */
const silent = new Set(['description', 'title', 'example'])

const enforcedOfRules = new Set(['rule', 'message', 'fieldPath'])

/** Paths of the words that nobody here would enforce, e.g. `spec.size.exclusiveMinimum`. */
export const unenforcedKeywords = (schema: OpenApiSchema, path = ''): readonly string[] => [
  ...Object.keys(schema)
    .filter((word) => !enforced.has(word) && !silent.has(word))
    .map((word) => `${path}${word}`),
  ...(schema['x-kubernetes-validations'] ?? []).flatMap((validation) =>
    Object.keys(validation)
      .filter((word) => !enforcedOfRules.has(word))
      .map((word) => `${path}x-kubernetes-validations.${word}`),
  ),
  ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    unenforcedKeywords(child, `${path}${name}.`),
  ),
  ...[schema.items, schema.additionalProperties].flatMap((child) =>
    isObject(child) ? unenforcedKeywords(child, path) : [],
  ),
]
