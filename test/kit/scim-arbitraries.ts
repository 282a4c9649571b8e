/** Generators made from the schemas: texts with traps, resources, filters and PATCH bodies of every form. */

import * as fc from 'fast-check'
import { isFilterable } from '#scim/filter/target.ts'
import type { ComparisonOperator, Filter, FilterValue } from '#scim/filter/ast.ts'
import type { FilterSubject } from '#scim/filter/matches.ts'
import { printFilter } from '#scim/filter/print.ts'
import type { Json, JsonObject, Scalar } from '#scim/json.ts'
import type { Member, ResourceData } from '#scim/resource.ts'
import { commonAttributes, groupType, userType } from '#scim/resource-types.ts'
import type { Attribute, AttributeReference, ResourceType } from '#scim/schema.ts'
import { schemaUrns } from '#scim/urns.ts'
import { parseResource } from '#scim/validate.ts'
import { patchBody } from './scim-requests.ts'

/** Texts that folding, LIKE, JSON and UTF-16 get wrong; few of them, so that filters find something. */
const traps = [
  'anna',
  'Anna',
  'ANNA',
  'straße',
  'STRASSE',
  'İstanbul',
  'istanbul',
  'ǅ',
  'ﬁ',
  'é',
  'e\u0301',
  '100%',
  '_',
  'a_b',
  'axb',
  'say "hi"',
  'back\\slash',
  "it's",
  '😀',
  '\uFFFD',
  '\uE000',
  'work',
  'WORK',
  'home',
  'a b',
  '] or (',
  'null',
  'true',
  '5',
]

const letters = [
  'a',
  'B',
  'ß',
  'İ',
  'ı',
  'σ',
  'ς',
  '𐐀',
  '𐐨',
  '😀',
  '%',
  '_',
  '"',
  '\\',
  "'",
  ' ',
  '.',
  '@',
  '\n',
]

/** Non-empty text, often one of the traps. */
export const awkwardText = (): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...traps) },
    { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 6 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).filter(isKept) },
  )

const isKept = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** The document of a User, as it is stored: made from a body by the parser, so that it holds what the parser promises. */
export const arbitraryUserData = (): fc.Arbitrary<ResourceData> => dataOf(userType)

/** The document of a Group, as it is stored. */
export const arbitraryGroupData = (): fc.Arbitrary<ResourceData> => dataOf(groupType)

const dataOf = (type: ResourceType): fc.Arbitrary<ResourceData> =>
  arbitraryBody(type).map((body) => parseResource(body, type).resource.data)

/** A POST body with any of the writable attributes, all of them valid. */
export function arbitraryBody(type: ResourceType): fc.Arbitrary<JsonObject> {
  const own = [...commonAttributes, ...type.schema.attributes].filter(isWritten)
  const model: Record<string, fc.Arbitrary<Json>> = objectModel(own)
  for (const { schema } of type.extensions) model[schema.id] = objectOf(schema.attributes.filter(isWritten))
  return fc.record(model, { requiredKeys: [type.uniqueAttribute] })
}

const isWritten = (attribute: Attribute): boolean =>
  attribute.mutability !== 'readOnly' && attribute.name !== 'members'

const objectModel = (attributes: readonly Attribute[]): Record<string, fc.Arbitrary<Json>> =>
  Object.fromEntries(attributes.map((attribute) => [attribute.name, arbitraryValue(attribute)]))

const objectOf = (attributes: readonly Attribute[]): fc.Arbitrary<Json> =>
  fc.subarray([...attributes]).chain((chosen) => fc.record(objectModel(chosen)))

/** A valid value of an attribute: a list if it is multi-valued. */
export function arbitraryValue(attribute: Attribute): fc.Arbitrary<Json> {
  const one = arbitraryOne(attribute)
  return attribute.multiValued ? fc.array(one, { maxLength: 3 }) : one
}

function arbitraryOne(attribute: Attribute): fc.Arbitrary<Json> {
  return attribute.type === 'complex' ? objectOf(attribute.subAttributes ?? []) : arbitraryScalar(attribute)
}

function arbitraryScalar(attribute: Attribute): fc.Arbitrary<Scalar> {
  switch (attribute.type) {
    case 'boolean':
      return fc.boolean()
    case 'binary':
      return fc.constantFrom('aGk=', 'AAAA', 'abcd')
    case 'dateTime':
      return arbitraryDate().map((date) => date.toISOString())
    case 'integer':
      return fc.integer({ min: -3, max: 3 })
    case 'decimal':
      return fc.double({ min: -3, max: 3, noNaN: true })
    case 'string':
    case 'reference':
      return fc.oneof(awkwardText(), fc.constantFrom(...(attribute.canonicalValues ?? ['anna'])))
    case 'complex':
      throw new Error(`${attribute.name} is complex`)
  }
}

const epoch = Date.UTC(2026, 0, 1)

/** One of few instants, in milliseconds, so that equal ones occur. */
export const arbitraryDate = (): fc.Arbitrary<Date> =>
  fc.integer({ min: 0, max: 5 }).map((step) => new Date(epoch + step * 500))

/** A resource as a filter sees it, with member rows. Ids and dates are a caller's to replace. */
export function arbitrarySubject(type: ResourceType): fc.Arbitrary<FilterSubject> {
  return fc.record({
    id: fc.uuid(),
    type: fc.constant(type.name),
    data: dataOf(type),
    created: arbitraryDate(),
    lastModified: arbitraryDate(),
    version: fc.integer({ min: 1, max: 3 }),
    ...(type.membershipAttribute === undefined ? {} : { members: arbitraryRows('User') }),
    ...(type.membershipsAttribute === undefined ? {} : { groups: arbitraryRows('direct') }),
  })
}

function arbitraryRows(type: string): fc.Arbitrary<Member[]> {
  const row = fc.record(
    { value: fc.constantFrom('m1', 'm2', 'M1'), type: fc.constant(type), display: awkwardText() },
    { requiredKeys: ['value', 'type'] },
  )
  return fc.uniqueArray(row, { maxLength: 3, selector: ({ value }) => value })
}

/** Every reference that a comparison on this type may name. */
export function comparableReferences(type: ResourceType): readonly AttributeReference[] {
  return allReferences(type).filter((reference) => leaf(reference).type !== 'complex')
}

/** Every attribute and sub-attribute of this type that may be asked for. */
export function allReferences(type: ResourceType): readonly AttributeReference[] {
  const core = [...commonAttributes, ...type.schema.attributes].flatMap((attribute) =>
    withSubs({ attribute }),
  )
  const extended = type.extensions.flatMap(({ schema }) =>
    schema.attributes.flatMap((attribute) => withSubs({ extension: schema.id, attribute })),
  )
  return [...core, ...extended].filter((reference) => isFilterable(reference, type))
}

const withSubs = (reference: AttributeReference): readonly AttributeReference[] => [
  reference,
  ...(reference.attribute.subAttributes ?? []).map((subAttribute) =>
    Object.assign({}, reference, { subAttribute }),
  ),
]

const leaf = (reference: AttributeReference): Attribute => reference.subAttribute ?? reference.attribute

/** For each advertised attribute whether it is present, and some comparisons with it. */
export function filtersOfEach(type: ResourceType, seed: number): readonly Filter[] {
  const compared = comparableReferences(type).flatMap((target) =>
    fc.sample(comparison(target), { numRuns: 6, seed }),
  )
  return allReferences(type)
    .map((target): Filter => ({ kind: 'presence', target }))
    .concat(compared)
}

/** A filter over any advertised attribute, as the parser would have made it; `values` overrides literals by path. */
export function arbitraryFilter(type: ResourceType, depth = 3): fc.Arbitrary<Filter> {
  const references = allReferences(type)
  const lists = references.filter(
    ({ attribute, subAttribute }) =>
      attribute.multiValued && attribute.type === 'complex' && subAttribute === undefined,
  )
  const flat = leaves(references)
  const element = fc.constantFrom(...lists).chain((target) => {
    const inner = withSubs({ attribute: target.attribute })
      .filter((one) => one.subAttribute !== undefined && isFilterable(one, type))
      .flatMap(({ subAttribute }) => (subAttribute === undefined ? [] : [{ attribute: subAttribute }]))
    return composed(leaves(inner), 2).map((filter): Filter => ({ kind: 'element', target, filter }))
  })
  return composed(fc.oneof({ weight: 4, arbitrary: flat }, { weight: 1, arbitrary: element }), depth)
}

function composed(base: fc.Arbitrary<Filter>, depth: number): fc.Arbitrary<Filter> {
  if (depth === 0) return base
  const inner = composed(base, depth - 1)
  const several = fc.array(inner, { minLength: 2, maxLength: 3 })
  return fc.oneof(
    { weight: 4, arbitrary: base },
    { weight: 1, arbitrary: inner.map((filter): Filter => ({ kind: 'not', filter })) },
    { weight: 1, arbitrary: several.map((filters): Filter => ({ kind: 'and', filters })) },
    { weight: 1, arbitrary: several.map((filters): Filter => ({ kind: 'or', filters })) },
  )
}

function leaves(references: readonly AttributeReference[]): fc.Arbitrary<Filter> {
  const scalars = references.filter((reference) => leaf(reference).type !== 'complex')
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...scalars).chain(comparison) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...references).map((target): Filter => ({ kind: 'presence', target })),
    },
  )
}

const equality: readonly ComparisonOperator[] = ['eq', 'ne']
const order: readonly ComparisonOperator[] = ['gt', 'ge', 'lt', 'le']
const substring: readonly ComparisonOperator[] = ['co', 'sw', 'ew']

/** The operators that an attribute of this type has. */
export function operatorsFor(attribute: Attribute): readonly ComparisonOperator[] {
  switch (attribute.type) {
    case 'boolean':
      return equality
    case 'binary':
      return [...equality, ...substring]
    case 'dateTime':
    case 'integer':
    case 'decimal':
      return [...equality, ...order]
    case 'string':
    case 'reference':
      return [...equality, ...order, ...substring]
    case 'complex':
      return []
  }
}

function comparison(target: AttributeReference): fc.Arbitrary<Filter> {
  return fc
    .tuple(fc.constantFrom(...operatorsFor(leaf(target))), literal(target))
    .map(([operator, value]): Filter => ({ kind: 'comparison', target, operator, value }))
}

/** Literals that occur: what the generators of resources use for the same attribute. */
function literal(target: AttributeReference): fc.Arbitrary<FilterValue> {
  const attribute = leaf(target)
  const known: Readonly<Record<string, readonly string[]>> = {
    resourceType: ['User', 'Group', 'user'],
    version: ['W/"1"', 'W/"2"', '1'],
    schemas: [schemaUrns.user, schemaUrns.enterpriseUser, schemaUrns.group],
    value: ['m1', 'M1', 'm2'],
  }
  const usual = known[attribute.name]
  const value = arbitraryScalar(attribute)
  if (usual === undefined) return value
  return attribute.name === 'value' ? fc.oneof(value, fc.constantFrom(...usual)) : fc.constantFrom(...usual)
}

/** A PatchOp body: every path form for every writable attribute, with and without path, some with vendor spelling. */
export function arbitraryPatch(type: ResourceType): fc.Arbitrary<JsonObject> {
  const targets = allReferences(type).filter(
    ({ attribute }) => isWritten(attribute) || attribute.name === 'members',
  )
  const operation = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...targets).chain(targeted) },
    { weight: 1, arbitrary: arbitraryBody(type).map((value) => ({ op: 'replace', value })) },
    { weight: 1, arbitrary: arbitraryBody(type).map((value) => ({ op: 'Add', value })) },
  )
  return fc.array(operation, { minLength: 1, maxLength: 4 }).map((operations) => patchBody(operations))
}

function targeted(reference: AttributeReference): fc.Arbitrary<Json> {
  const { attribute, subAttribute, extension } = reference
  const prefix = extension === undefined ? '' : `${extension}:`
  const suffix = subAttribute === undefined ? '' : `.${subAttribute.name}`
  const plain = fc.constant(`${prefix}${attribute.name}${suffix}`)
  const inner = (attribute.subAttributes ?? []).filter((one) => one.type !== 'complex' && one.name !== '$ref')
  const filtered =
    attribute.multiValued && inner.length > 0
      ? composed(leaves(inner.map((one) => ({ attribute: one }))), 1).map(
          (filter) => `${prefix}${attribute.name}[${printFilter(filter)}]${suffix}`,
        )
      : plain
  const value = fc.oneof(
    { weight: 4, arbitrary: arbitraryValue(leaf(reference)) },
    { weight: 1, arbitrary: fc.constantFrom(null, '', [], 'True', {}) },
  )
  return fc.record(
    {
      op: fc.constantFrom('add', 'replace', 'remove', 'Add', 'Replace', 'Remove'),
      path: fc.oneof(plain, filtered),
      value,
    },
    { requiredKeys: ['op', 'path'] },
  )
}
