/** What both kinds of the API share: the group, conditions, and the schema fragments that need Kubernetes' words. */
import { z } from 'zod'

import type { KubeKind } from '#operator/kube.ts'

export const group = 'scim-operator.io'
export const version = 'v1alpha1'
export const apiVersion = `${group}/${version}`

/** A validation rule in CEL, with the message that the person at the keyboard reads. */
export interface CelRule {
  readonly rule: string
  readonly message: string
  readonly fieldPath?: string
}

/** Attaches CEL rules to a schema. Base CEL only, so that the rules mean the same outside of an API server. */
export const withRules = <Schema extends z.ZodType>(schema: Schema, rules: readonly CelRule[]): Schema =>
  schema.meta({ ...schema.meta(), 'x-kubernetes-validations': rules })

/** A list whose items are merged by key (`x-kubernetes-list-type: map`). */
export const mapList = <Item extends z.ZodType>(item: Item, key: string, maxItems: number) =>
  z
    .array(item)
    .max(maxItems)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] })

/** RFC 1123 label: what names of Kubernetes objects and their parts look like. */
export const dnsLabel = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)

/** RFC 1123 subdomain: names of objects, host names. */
export const dnsSubdomain = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/)

/** RFC 3339 instant. The format is what the API server checks; zod's own pattern for it is a page long. */
export const instant = () => z.string().max(64).meta({ format: 'date-time' })

export const conditionStatuses = ['True', 'False', 'Unknown'] as const

/** metav1.Condition: the standard shape of "what is true of this object and since when". */
export const Condition = z.object({
  type: z.string().min(1).max(316),
  status: z.enum(conditionStatuses),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
  message: z.string().max(32_768),
  lastTransitionTime: instant(),
  observedGeneration: z.int().min(0).exactOptional(),
})

export type Condition = z.output<typeof Condition>

export const Conditions = mapList(Condition, 'type', 16)

/** The metadata that our own kinds are read with; the API server has already checked it. */
export const Metadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  generation: z.int().default(1),
  resourceVersion: z.string().exactOptional(),
  creationTimestamp: z.string().exactOptional(),
  deletionTimestamp: z.string().exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
  finalizers: z.array(z.string()).exactOptional(),
})

export type Metadata = z.output<typeof Metadata>

export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date' | 'boolean'
  readonly jsonPath: string
  readonly priority?: number
  readonly description?: string
}

/** All that a CustomResourceDefinition says of a kind beside the group and version. */
export interface ApiKind extends KubeKind {
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly description: string
  readonly spec: z.ZodType
  readonly status: z.ZodType
  /** Rules over the whole object: metadata.name, spec and status together. */
  readonly rules: readonly CelRule[]
  readonly printerColumns: readonly PrinterColumn[]
  readonly selectableFields: readonly string[]
}
