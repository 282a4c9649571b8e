/**
 * The CustomResourceDefinitions, made of the zod schemas. `node src/operator/api/crd.ts` writes `crds/*.yaml` and the
 * chart's copy of them; with `--check` it compares and exits 1, naming the file that is out of date.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { stringify } from 'yaml'
import { z } from 'zod'

import { group, version } from './common.ts'
import { scimAssignmentPolicy } from './scim-assignment-policy.ts'
import { scimIntegration } from './scim-integration.ts'

import type { ApiKind } from './common.ts'

/** A node of a structural schema (apiextensions.k8s.io/v1 JSONSchemaProps), as far as we use it. */
export interface OpenApiSchema {
  readonly type?: string
  readonly description?: string
  readonly format?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, OpenApiSchema>>
  readonly additionalProperties?: OpenApiSchema
  readonly items?: OpenApiSchema
  readonly 'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-validations'?: readonly {
    readonly rule: string
    readonly message?: string
    readonly fieldPath?: string
  }[]
}

export type CustomResourceDefinition = ReturnType<typeof definition>

/** Both definitions as plain documents: what `crds/` holds and what the folder adapter validates against. */
export function crds(): readonly CustomResourceDefinition[] {
  return [definition(scimIntegration), definition(scimAssignmentPolicy)]
}

function definition(kind: ApiKind) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        plural: kind.plural,
        singular: kind.singular,
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        shortNames: [...kind.shortNames],
        categories: ['scim'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [...kind.printerColumns],
          selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })),
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  }
}

function rootSchema(kind: ApiKind): OpenApiSchema {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    'x-kubernetes-validations': [...kind.rules],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: structural(kind.spec),
      status: structural(kind.status),
    },
  }
}

/** zod's JSON Schema of the input, which for our schemas is structural as it stands: no $ref, no anyOf. */
function structural(schema: z.ZodType): OpenApiSchema {
  const {
    $schema: _dialect,
    '~standard': _standard,
    ...document
  } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
  })
  return wholeDefaults(JSON.parse(JSON.stringify(document)))
}

/**
 * The schema with the defaults of an object's fields written into the default of the object: an API server evaluates
 * rules on a default as it stands, before it fills in what is nested, and refuses `{}` where a rule reads a field.
 */
function wholeDefaults(schema: OpenApiSchema): OpenApiSchema {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, child]) => [name, wholeDefaults(child)] as const,
  )
  const inner = properties.flatMap(([name, child]) => ('default' in child ? [[name, child.default]] : []))
  return {
    ...schema,
    ...(schema.properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    ...(schema.items === undefined ? {} : { items: wholeDefaults(schema.items) }),
    ...(isFields(schema.default) ? { default: { ...Object.fromEntries(inner), ...schema.default } } : {}),
  }
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const header = '# Generated from src/operator/api by `npm run crds`. Do not edit.\n'

/** File name -> text, for each definition. */
function crdFiles(): ReadonlyMap<string, string> {
  return new Map(
    crds().map((document) => [
      `${document.spec.group}_${document.spec.names.plural}.yaml`,
      header + stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }),
    ]),
  )
}

/** Names of the files in `folder` that are missing or differ from what the schemas say. */
export async function outdatedCrds(folder: string): Promise<string[]> {
  const outdated: string[] = []
  for (const [name, text] of crdFiles()) {
    const found = await readFile(path.join(folder, name), 'utf8').catch(() => undefined)
    if (found !== text) outdated.push(name)
  }
  return outdated
}

/** The chart has a copy, since helm packs nothing from outside of a chart. */
const folders = ['crds', 'charts/scim-operator/files/crds']

async function main(isCheck: boolean): Promise<void> {
  for (const folder of folders) {
    const to = path.join(import.meta.dirname, '../../..', folder)
    if (isCheck) {
      const outdated = await outdatedCrds(to)
      for (const name of outdated)
        process.stderr.write(`${folder}/${name} is out of date: run npm run crds\n`)
      if (outdated.length > 0) process.exitCode = 1
    } else {
      for (const [name, text] of crdFiles()) await writeFile(path.join(to, name), text)
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await main(process.argv.includes('--check'))
