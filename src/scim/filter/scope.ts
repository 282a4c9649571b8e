/** How attribute names in a filter are understood: on a whole resource, or inside the brackets of a valuePath. */

import { attributeNamed, parseAttributePath, resolveAttribute } from '#scim/attribute-path.ts'
import type { AttributeReference, ResourceType } from '#scim/schema.ts'
import { isFilterable } from './target.ts'
import { invalidFilter } from './tokens.ts'

/** Finds the attribute of a name; undefined means that there is none. Throws invalidFilter if it may not be asked. */
export interface Scope {
  readonly find: (path: string) => AttributeReference | undefined
  /** Whether a name that is not found makes the filter invalid; otherwise it has no value. */
  readonly isUnknownRefused: boolean
  /** The scope inside `path[…]`. */
  readonly inside: (reference: AttributeReference) => Scope
}

/** The scope of a whole resource. */
export function resourceScope(type: ResourceType, isUnknownRefused: boolean): Scope {
  const find = (path: string): AttributeReference | undefined => {
    const reference = resolveAttribute(path, type)
    if (reference !== undefined && !isFilterable(reference, type)) {
      throw invalidFilter(`${path} cannot be filtered by`)
    }
    return reference
  }
  return { find, isUnknownRefused, inside: (reference) => elementScope(reference, type, isUnknownRefused) }
}

/** Inside a valuePath: names are sub-attributes of the one before the bracket. */
export function elementScope(
  outer: AttributeReference,
  type: ResourceType,
  isUnknownRefused: boolean,
): Scope {
  const find = (path: string): AttributeReference | undefined => {
    const name = simpleName(path)
    const subAttribute = name && attributeNamed(name, outer.attribute.subAttributes ?? [])
    if (!subAttribute) return undefined
    const reference = { ...outer, subAttribute }
    if (!isFilterable(reference, type)) throw invalidFilter(`${path} cannot be filtered by`)
    // One element is asked by its own names; a single complex value needs no element, dots say the same.
    return outer.attribute.multiValued ? { attribute: subAttribute } : reference
  }
  return { find, isUnknownRefused, inside: refuseNesting }
}

/** Inside the brackets of an attribute that the type lacks: nothing has a value. */
export const emptyScope: Scope = {
  find: () => undefined,
  isUnknownRefused: false,
  inside: () => emptyScope,
}

function simpleName(path: string): string | undefined {
  const parsed = parseAttributePath(path)
  return parsed?.urn === undefined && parsed?.subName === undefined ? parsed?.name : undefined
}

function refuseNesting(): never {
  throw invalidFilter('a filter in brackets cannot hold another one')
}
