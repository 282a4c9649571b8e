/** The page of the Kubernetes API: every field of every kind, made of the schemas that the API server enforces. */
import { crds } from '#operator/api/crd.ts'

import { code, markdownTable } from './table.ts'

import type { CustomResourceDefinition, OpenApiSchema } from '#operator/api/crd.ts'

export const apiPage = (): string =>
  `# Kubernetes API

The definitions stand in \`crds/\`; this page is made of the same schemas. A required field of an optional object is
required where the object is given.

${crds().map(kindSection).join('\n\n')}
`

const kindSection = ({ spec }: CustomResourceDefinition): string => {
  const { names, versions } = spec
  const root: OpenApiSchema | undefined = versions[0]?.schema.openAPIV3Schema
  const rules = rulesOf(root, '')
  return [
    `## ${names.kind}`,
    `${root?.description ?? ''} Short name: ${names.shortNames.map(code).join(', ')}.`,
    markdownTable(['field', 'type', 'default', 'what it is'], fieldsOf(root?.properties?.['spec'], 'spec')),
    'Rules over several fields:',
    rules.map(({ path, message }) => `- ${path === '' ? '' : `\`${path}\`: `}${message}`).join('\n'),
    markdownTable(
      ['status field', 'type', 'what it is'],
      fieldsOf(root?.properties?.['status'], 'status').map((row) => row.toSpliced(2, 1)),
    ),
  ].join('\n\n')
}

/** One row per field, parents before their children. */
const fieldsOf = (schema: OpenApiSchema | undefined, path: string): string[][] =>
  Object.entries(schema?.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}`
    const isRequired = schema?.required?.includes(name) === true
    const standard =
      field.default === undefined ? (isRequired ? 'required' : '') : code(JSON.stringify(field.default))
    const row = [code(here), typeOf(field), field.type === 'object' ? '' : standard, descriptionOf(field)]
    return [row].concat(fieldsOf(field, here), fieldsOf(field.items, `${here}[]`))
  })

const typeOf = (field: OpenApiSchema): string => {
  if (field.enum !== undefined) return field.enum.map((value) => code(String(value))).join(', ')
  if (field.items !== undefined) return `list of ${field.items.type ?? 'any'}${boundsOf(field)}`
  return `${field.type ?? 'any'}${boundsOf(field)}`
}

const boundsOf = ({ minimum, maximum, minLength, maxLength, minItems, maxItems }: OpenApiSchema): string => {
  const [least, most] = [minimum ?? minLength ?? minItems, maximum ?? maxLength ?? maxItems]
  if (most === undefined || most === Number.MAX_SAFE_INTEGER) return ''
  return ` (${least ?? 0}..${most})`
}

const descriptionOf = (field: OpenApiSchema): string => field.description ?? field.items?.description ?? ''

const rulesOf = (schema: OpenApiSchema | undefined, path: string): { path: string; message: string }[] => [
  ...(schema?.['x-kubernetes-validations'] ?? []).map(({ rule, message }) => ({
    path,
    message: message ?? rule,
  })),
  ...Object.entries(schema?.properties ?? {}).flatMap(([name, field]) =>
    rulesOf(field, path === '' ? name : `${path}.${name}`),
  ),
  ...(schema?.items === undefined ? [] : rulesOf(schema.items, `${path}[]`)),
]
