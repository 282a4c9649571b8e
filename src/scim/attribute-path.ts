/**
 * Attribute paths such as `urn:…:User:name.givenName`: their syntax, and what they mean for a resource type
 * (RFC 7644 sections 3.4.2.2 and 3.10). Names and URNs are compared without regard to case.
 */

import { commonAttributes } from './schemas/common.ts'
import type { Attribute, AttributeReference, ResourceType, Schema } from './schema.ts'

/** A path as written: what stands before the last colon, and one or two names. */
export interface AttributePath {
  readonly urn?: string
  readonly name: string
  readonly subName?: string
}

/** Where the attributes of a URN are kept: at the top of the document, or under the URN of an extension. */
export interface Container {
  readonly schema: Schema
  readonly extension?: string
}

const pathSyntax = /^(?:(?<urn>urn:\S+):)?(?<name>[a-z$][\w$-]*)(?:\.(?<sub>[a-z$][\w$-]*))?$/i

/** The parts of a path by syntax alone, or undefined if it is none. */
export function parseAttributePath(text: string): AttributePath | undefined {
  const groups = pathSyntax.exec(text)?.groups
  if (groups?.['name'] === undefined) return undefined
  return {
    name: groups['name'],
    ...(groups['urn'] === undefined ? {} : { urn: groups['urn'] }),
    ...(groups['sub'] === undefined ? {} : { subName: groups['sub'] }),
  }
}

/**
 * The attribute that a path means for a resource type, or undefined if the type has none such. A name without a URN
 * is looked for in the core schema, then among the common attributes, then in the extensions: Entra asks `manager eq`.
 */
export function resolveAttribute(text: string, type: ResourceType): AttributeReference | undefined {
  return usualReferences(type).get(text) ?? resolveParsed(text, type)
}

function resolveParsed(text: string, type: ResourceType): AttributeReference | undefined {
  const path = parseAttributePath(text)
  if (path === undefined) return undefined
  const top = path.urn === undefined ? findUnqualified(path.name, type) : findIn(path.urn, path.name, type)
  if (top === undefined || path.subName === undefined) return top
  const subAttribute = attributeNamed(path.subName, top.attribute.subAttributes ?? [])
  return subAttribute && { ...top, subAttribute }
}

function findUnqualified(name: string, type: ResourceType): AttributeReference | undefined {
  const core = findIn(type.schema.id, name, type)
  if (core !== undefined) return core
  const extensions = type.extensions.map((extension) => findIn(extension.schema.id, name, type))
  return extensions.find((found) => found !== undefined)
}

function findIn(urn: string, name: string, type: ResourceType): AttributeReference | undefined {
  const container = containerOf(urn, type)
  if (container === undefined) return undefined
  const own = attributeNamed(name, container.schema.attributes)
  if (container.extension !== undefined) return own && { extension: container.extension, attribute: own }
  const attribute = own ?? attributeNamed(name, commonAttributes)
  return attribute && { attribute }
}

/** The schema that a URN, or an older name of it, means for a resource type. */
export function containerOf(urn: string, type: ResourceType): Container | undefined {
  return containersOf(type).get(urn.toLowerCase())
}

/** The attribute of this name in any case. */
export function attributeNamed(name: string, attributes: readonly Attribute[]): Attribute | undefined {
  const index = indexOf(attributes)
  return index.get(name) ?? index.get(name.toLowerCase())
}

/** The canonical spelling of a reference, with its URN if it is in an extension. */
export function pathOf(reference: AttributeReference): string {
  const prefix = reference.extension === undefined ? '' : `${reference.extension}:`
  const suffix = reference.subAttribute === undefined ? '' : `.${reference.subAttribute.name}`
  return `${prefix}${reference.attribute.name}${suffix}`
}

/** What a function makes of a resource type, which is a constant, made once for each. */
function oncePerType<Made>(make: (type: ResourceType) => Made): (type: ResourceType) => Made {
  const made = new WeakMap<ResourceType, Made>()
  return (type) => {
    const known = made.get(type) ?? make(type)
    made.set(type, known)
    return known
  }
}

/** By lower-case URN. */
const containersOf = oncePerType((type): ReadonlyMap<string, Container> => {
  const extensions = type.extensions.map(({ schema }) => ({ schema, extension: schema.id }))
  // The first that has a name keeps it.
  const all = [{ schema: type.schema }, ...extensions].toReversed()
  return new Map(
    all.flatMap((container) =>
      [container.schema.id, ...(container.schema.aliases ?? [])].map((urn) => [urn.toLowerCase(), container]),
    ),
  )
})

/** The names of top-level attributes as the schemas write them and most bodies too, without and with their URN. */
const usualReferences = oncePerType((type): ReadonlyMap<string, AttributeReference> => {
  const schemas = [type.schema, ...type.extensions.map(({ schema }) => schema)]
  const names = schemas.flatMap(({ id, attributes }) =>
    attributes.flatMap(({ name }) => [name, `${id}:${name}`]),
  )
  return new Map(
    names.flatMap((name) => {
      const reference = resolveParsed(name, type)
      return reference === undefined ? [] : [[name, reference] as const]
    }),
  )
})

/** By canonical name, which most clients send, and by lower-case name. Schemas are constants, so once for each list. */
const indexes = new WeakMap<readonly Attribute[], ReadonlyMap<string, Attribute>>()

function indexOf(attributes: readonly Attribute[]): ReadonlyMap<string, Attribute> {
  const known = indexes.get(attributes)
  if (known !== undefined) return known
  const index = new Map(
    attributes.flatMap((attribute) => [
      [attribute.name, attribute],
      [attribute.name.toLowerCase(), attribute],
    ]),
  )
  indexes.set(attributes, index)
  return index
}
