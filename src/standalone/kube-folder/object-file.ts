/** An object as a YAML file of the state folder: as `kubectl get -o yaml` prints it, with who owns which fields. */
import { z } from 'zod'
import { Document, isMap, isSeq, parse } from 'yaml'

import { without } from './json.ts'

import type { Managed } from './server-side-apply.ts'
import type { KubeObject, ObjectKey } from '#operator/kube.ts'

export interface StoredObject {
  readonly object: KubeObject
  readonly managed: readonly Managed[]
}

const Texts = z.record(z.string(), z.string())

const OwnerReference = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().exactOptional(),
  blockOwnerDeletion: z.boolean().exactOptional(),
})

const ManagedFields = z.array(
  z.object({
    manager: z.string(),
    source: z.string().exactOptional(),
    fields: z.array(z.array(z.union([z.string(), z.record(z.string(), z.unknown())]))),
  }),
)

/** Words for a person who mistyped a manifest. */
const text = z.string({ error: ({ input }) => (input === undefined ? 'is required' : 'must be text') })

/** RFC 1123: what an API server takes as names; here they also become names of files. */
const label = text.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS label (a-z, 0-9, -)')
const subdomain = text
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, 'must be a DNS name')

const Metadata = z.object(
  {
    name: subdomain,
    namespace: label.default('default'),
    uid: z.string().exactOptional(),
    resourceVersion: z.string().exactOptional(),
    generation: z.int().exactOptional(),
    creationTimestamp: z.string().exactOptional(),
    deletionTimestamp: z.string().exactOptional(),
    labels: Texts.exactOptional(),
    annotations: Texts.exactOptional(),
    finalizers: z.array(z.string()).exactOptional(),
    ownerReferences: z.array(OwnerReference).exactOptional(),
  },
  { error: 'must hold at least a name' },
)

/** Any namespaced object; what the namespace is left out of lives in `default`. */
const AnyObject = z.looseObject({
  apiVersion: text,
  kind: text.min(1),
  metadata: Metadata,
})

export type ParsedObject =
  | { readonly kind: 'object'; readonly object: KubeObject }
  | { readonly kind: 'problem'; readonly message: string }

/** The object, or what is missing to call it one (`metadata.name is required`). */
export const parseObject = (value: unknown): ParsedObject => {
  const result = AnyObject.safeParse(value)
  if (result.success) return { kind: 'object', object: result.data }
  const [issue] = result.error.issues
  return {
    kind: 'problem',
    message: `${issue?.path.join('.') || 'the document'} ${issue?.message ?? 'is no object'}`,
  }
}

/** What stands in a state file; throws, naming the file, on YAML that is none. */
export const parseObjectFile = (
  text: string,
  path: string,
): ParsedObject & { readonly managed: readonly Managed[] } => {
  const value = parseYaml(text, path)
  const managed = z.object({ metadata: z.object({ managedFields: ManagedFields }) }).safeParse(value)
  return { ...parseObject(value), managed: managed.success ? managed.data.metadata.managedFields : [] }
}

const parseYaml = (text: string, path: string): unknown => {
  try {
    return parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    throw new Error(`${path} is not valid YAML: ${reason}`, { cause })
  }
}

/** The text of a state file. */
export const printObjectFile = ({ object, managed }: StoredObject): string => {
  const { apiVersion, kind, metadata, ...rest } = object
  const { status, ...content } = rest
  const document = new Document(
    {
      apiVersion,
      kind,
      metadata: managed.length === 0 ? metadata : { ...metadata, managedFields: managed },
      ...content,
      ...(status === undefined ? {} : { status }),
    },
    { aliasDuplicateObjects: false },
  )
  const managedFields = document.getIn(['metadata', 'managedFields'])
  // Who owns what is for the adapter; one line per manager keeps the rest readable.
  if (isSeq(managedFields))
    for (const entry of managedFields.items) {
      const fields = isMap(entry) ? entry.get('fields') : undefined
      if (isSeq(fields)) fields.flow = true
    }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

/** Path of an object's file below the folder of objects: `acme/secrets/okta-token.yaml`. */
export const objectPath = (plural: string, { namespace, name }: ObjectKey): string =>
  `${namespace}/${plural}/${name}.yaml`

export const isObjectPath = (path: string): boolean => /^[^/.][^/]*\/[^/]+\/[^/]+\.yaml$/.test(path)

/** Fields that identify an object or that only the server writes. */
const serverOwned = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
  'selfLink',
] as const

/** What a person or program says with an object: no identity, no status, nothing that the server fills in. */
export const declaredContent = (object: KubeObject) => {
  const { apiVersion: _apiVersion, kind: _kind, metadata, status: _status, ...rest } = object
  const said = serverOwned.reduce<Readonly<Record<string, unknown>>>(without, { ...metadata })
  return Object.keys(said).length === 0 ? rest : { metadata: said, ...rest }
}
