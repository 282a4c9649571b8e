/** Which kinds the folder serves, and what an API server knows of each: its plural, its schema, its rules. */
import { compileRules } from './cel-rules.ts'
import { isObject } from './json.ts'
import { unenforcedKeywords } from './schema-keywords.ts'

import type { RuleCheck } from './cel-rules.ts'
import type { ListKeys } from './fields.ts'
import type { CustomResourceDefinition, OpenApiSchema } from '#operator/api/crd.ts'
import type { KubeKind, KubeObject } from '#operator/kube.ts'

export interface ServedKind extends KubeKind {
  /** Set for the kinds of a definition; the others are taken as they come. */
  readonly definition?: { readonly schema: OpenApiSchema; readonly rules: RuleCheck }
  /** Whether `status` is written apart from the rest, and `generation` counts changes of the rest. */
  readonly hasStatus: boolean
  readonly listKeys: ListKeys
}

export interface Kinds {
  of(object: { readonly apiVersion: string; readonly kind: string }): ServedKind | undefined
  readonly all: readonly ServedKind[]
}

/** Kinds of Kubernetes itself that the operator makes or that manifests bring along. */
const builtIn: readonly (KubeKind & { readonly hasStatus: boolean })[] = [
  { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', hasStatus: false },
  { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', hasStatus: false },
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', plural: 'ingresses', hasStatus: true },
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', plural: 'httproutes', hasStatus: true },
]

/** Owners are told apart by uid in every kind (ObjectMeta, patchMergeKey). */
const metadataLists: ListKeys = (path) =>
  path.join('.') === 'metadata.ownerReferences' ? ['uid'] : undefined

export const servedKinds = (definitions: readonly CustomResourceDefinition[]): Kinds => {
  const all: readonly ServedKind[] = [...builtIn.map(withListKeys), ...definitions.flatMap(definedKinds)]
  const byName = new Map(all.map((kind) => [nameOf(kind), kind]))
  return { all, of: (object) => byName.get(nameOf(object)) }
}

/** The object's kind for an error or a log line: `ScimIntegration acme/okta`. */
export const described = (object: KubeObject): string =>
  `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`

const withListKeys = (kind: (typeof builtIn)[number]): ServedKind => ({ ...kind, listKeys: metadataLists })

const nameOf = ({ apiVersion, kind }: { apiVersion: string; kind: string }): string => `${apiVersion}/${kind}`

const definedKinds = ({ spec }: CustomResourceDefinition): readonly ServedKind[] =>
  spec.versions.map((version) => {
    const schema: OpenApiSchema = version.schema.openAPIV3Schema
    const unenforced = unenforcedKeywords(schema)
    if (unenforced.length > 0)
      throw new Error(
        `the schema of ${spec.names.kind} says what is not enforced here: ${unenforced.join(', ')}`,
      )
    return {
      apiVersion: `${spec.group}/${version.name}`,
      kind: spec.names.kind,
      plural: spec.names.plural,
      hasStatus: isObject(version.subresources.status),
      definition: { schema, rules: compileRules(schema) },
      listKeys: (path) => metadataLists(path) ?? listKeysIn(schema, path),
    }
  })

const listKeysIn = (schema: OpenApiSchema, path: readonly string[]): readonly string[] | undefined => {
  const at = path.reduce<OpenApiSchema | undefined>(
    (found, name) => found?.properties?.[name] ?? found?.additionalProperties,
    schema,
  )
  return at?.['x-kubernetes-list-type'] === 'map' ? at['x-kubernetes-list-map-keys'] : undefined
}
