/** Whether an object may be stored: schema and rules of its kind, and what Kubernetes says of Secrets. */
import { isObject, objectAt, sameJson, valueAt } from './json.ts'
import { schemaProblems, withDefaults } from './schema-admission.ts'

import { KubeError } from '#operator/kube.ts'

import type { ServedKind } from './kinds.ts'
import type { FieldProblem } from './schema-admission.ts'
import type { KubeObject } from '#operator/kube.ts'

/** An object that its kind refuses, with every field that is wrong. */
export class InvalidObject extends KubeError {
  constructor(problems: readonly FieldProblem[]) {
    super(422, 'Invalid', problems.map(sentence).join('; '))
    this.name = 'InvalidObject'
  }
}

export interface Admission {
  readonly object: KubeObject
  /** Paths of fields that were dropped. */
  readonly unknown: readonly string[]
}

/** The object as it is to be stored; throws InvalidObject. `before` is what is stored now. */
export const admit = (kind: ServedKind, object: KubeObject, before: KubeObject | undefined): Admission => {
  if (kind.kind === 'Secret') return { object: admitSecret(object, before), unknown: [] }
  if (kind.definition === undefined) return { object, unknown: [] }
  const { schema, rules } = kind.definition
  const { value, unknown } = withDefaults(object, schema)
  const problems = schemaProblems(value, schema)
  if (problems.length > 0) throw new InvalidObject(problems)
  // As in an API server, rules see only objects that the schema accepts.
  const broken = rules(value, before)
  if (broken.length > 0) throw new InvalidObject(broken)
  return { object: { ...object, ...(isObject(value) ? value : {}) }, unknown }
}

/** `stringData` is for writing only; data of an immutable Secret stays (Kubernetes, Secrets). */
const admitSecret = (object: KubeObject, before: KubeObject | undefined): KubeObject => {
  const { stringData, ...secret } = object
  const encoded = Object.entries(objectAt({ stringData }, 'stringData')).map(([key, text]) => [
    key,
    Buffer.from(String(text)).toString('base64'),
  ])
  const data = { ...objectAt(secret, 'data'), ...Object.fromEntries(encoded) }
  for (const [key, value] of Object.entries(data)) {
    if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
      throw new InvalidObject([{ path: `data.${key}`, message: 'must be base64' }])
  }
  const next: KubeObject = Object.keys(data).length === 0 ? secret : { ...secret, data }
  if (before?.['immutable'] === true && !sameJson(sealed(next), sealed(before)))
    throw new InvalidObject([{ path: 'data', message: 'cannot be changed, since the Secret is immutable' }])
  return next
}

const sealed = (secret: KubeObject) => [valueAt(secret, 'data') ?? {}, secret['immutable'], secret['type']]

const sentence = ({ path, message }: FieldProblem): string => (path === '' ? message : `${path}: ${message}`)
