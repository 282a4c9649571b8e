/**
 * The validation rules of a definition (`x-kubernetes-validations`), evaluated as an API server does: `self` is the
 * value at the rule's place, `oldSelf` what stood there before, and rules that mention it run on updates only.
 */
import { Environment } from '@marcbachmann/cel-js'

import { isObject } from './json.ts'

import type { FieldProblem } from './schema-admission.ts'
import type { OpenApiSchema } from '#operator/api/crd.ts'

type Check = (self: unknown, oldSelf: unknown) => unknown

interface Rule {
  readonly isTransition: boolean
  readonly message: string
  readonly fieldPath: string
  readonly check: Check
}

/** A schema with its rules parsed, once. */
interface Node {
  readonly schema: OpenApiSchema
  readonly rules: readonly Rule[]
  readonly properties: ReadonlyMap<string, Node>
  readonly additional: Node | undefined
  readonly items: Node | undefined
}

export type RuleCheck = (value: unknown, before: unknown) => readonly FieldProblem[]

/** Parses every rule of the schema; throws if one is not valid CEL, so that a bad definition fails at start. */
export const compileRules = (schema: OpenApiSchema): RuleCheck => {
  const environment = new Environment({ unlistedVariablesAreDyn: true })
  const root = compile(schema, environment)
  return (value, before) => problemsOf(root, value, before, '')
}

const compile = (schema: OpenApiSchema, environment: Environment): Node => {
  const child = (of: OpenApiSchema | undefined) => (of === undefined ? undefined : compile(of, environment))
  return {
    schema,
    rules: (schema['x-kubernetes-validations'] ?? []).map((validation) => {
      const program = environment.parse(validation.rule)
      return {
        isTransition: /\boldSelf\b/.test(validation.rule),
        message: validation.message ?? `failed rule: ${validation.rule}`,
        fieldPath: validation.fieldPath ?? '',
        check: (self, oldSelf): unknown => program({ self, oldSelf }),
      }
    }),
    properties: new Map(
      Object.entries(schema.properties ?? {}).map(([name, of]) => [name, compile(of, environment)]),
    ),
    additional: child(schema.additionalProperties),
    items: child(schema.items),
  }
}

const problemsOf = (node: Node, value: unknown, before: unknown, path: string): readonly FieldProblem[] => {
  if (value === undefined || value === null) return []
  const own = node.rules
    .filter(({ isTransition }) => !isTransition || before !== undefined)
    .flatMap((rule) => brokenRule(rule, node.schema, value, before) ?? [])
    .map(({ fieldPath, message }) => ({ path: `${path}${fieldPath}`.replace(/^\./, ''), message }))
  return [...own, ...innerProblems(node, value, before, path)]
}

const innerProblems = (
  node: Node,
  value: unknown,
  before: unknown,
  path: string,
): readonly FieldProblem[] => {
  if (Array.isArray(value)) {
    const { items } = node
    if (items === undefined) return []
    return value.flatMap((item, index) =>
      problemsOf(items, item, itemBefore(node.schema, item, before), `${path}[${index}]`),
    )
  }
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const child = node.properties.get(name) ?? node.additional
    if (child === undefined) return []
    const innerBefore = isObject(before) ? before[name] : undefined
    return problemsOf(child, inner, innerBefore, path === '' ? name : `${path}.${name}`)
  })
}

/** Only the items of an associative list have a past: those of other lists cannot be told apart. */
const itemBefore = (schema: OpenApiSchema, item: unknown, before: unknown): unknown => {
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-list-type'] !== 'map' || keys === undefined) return undefined
  if (!Array.isArray(before) || !isObject(item)) return undefined
  return before.find((old) => isObject(old) && keys.every((key) => old[key] === item[key]))
}

const brokenRule = (
  rule: Rule,
  schema: OpenApiSchema,
  value: unknown,
  before: unknown,
): { fieldPath: string; message: string } | undefined => {
  try {
    const holds = rule.check(toCel(value, schema), before === undefined ? undefined : toCel(before, schema))
    return holds === true ? undefined : rule
  } catch (error) {
    // As in an API server, a rule that cannot be evaluated refuses the object.
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
    return {
      fieldPath: rule.fieldPath,
      message: `${rule.message} (the rule could not be evaluated: ${reason})`,
    }
  }
}

/** JSON as CEL sees it by its schema: integers are not doubles, and keys are escaped as Kubernetes escapes them. */
const toCel = (value: unknown, schema: OpenApiSchema | undefined): unknown => {
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema?.items))
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        schema?.properties === undefined ? name : escaped(name),
        toCel(inner, schema?.properties?.[name] ?? schema?.additionalProperties),
      ]),
    )
  }
  return schema?.type === 'integer' && Number.isSafeInteger(value) ? BigInt(Number(value)) : value
}

const reservedWords = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

/** Field names that are no CEL identifiers (Kubernetes, "Validation rules": escaping of property names). */
const escaped = (name: string): string =>
  reservedWords.has(name)
    ? `__${name}__`
    : name
        .replaceAll('__', '__underscores__')
        .replaceAll('.', '__dot__')
        .replaceAll('-', '__dash__')
        .replaceAll('/', '__slash__')
