/** What a PATCH does, one typed step after the other: paths resolved, values made what their attributes say. */

import { pathOf } from '#scim/attribute-path.ts'
import type { Filter } from '#scim/filter/ast.ts'
import { printFilter } from '#scim/filter/print.ts'
import type { Json } from '#scim/json.ts'
import type { AttributeReference } from '#scim/schema.ts'

/** Where an operation works: an attribute or sub-attribute; with a filter, in the elements that satisfy it. */
export interface PatchTarget {
  readonly reference: AttributeReference
  readonly filter?: Filter
}

export type PatchOperation =
  /** The value is a list for a multi-valued attribute, an element for a filtered one; null unassigns. */
  | { readonly op: 'add' | 'replace'; readonly target: PatchTarget; readonly value: Json }
  /** With `listed`, only the elements of the list that it names are removed. */
  | { readonly op: 'remove'; readonly target: PatchTarget; readonly listed?: readonly Json[] }
  /** The body repeats the resource's id; another id than its own is refused. */
  | { readonly op: 'identify'; readonly id: string }

/** The target as the client would write it, for messages. */
export function printTarget(target: PatchTarget): string {
  const { reference, filter } = target
  if (filter === undefined) return pathOf(reference)
  const { subAttribute, ...list } = reference
  const suffix = subAttribute === undefined ? '' : `.${subAttribute.name}`
  return `${pathOf(list)}[${printFilter(filter)}]${suffix}`
}
