/** The `where` of a rule: a SCIM filter over one user, without what a user alone cannot answer. */

import { ScimError } from '#scim/errors.ts'
import type { Filter } from '#scim/filter/ast.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import { userType } from '#scim/resource-types.ts'
import type { AttributeReference } from '#scim/schema.ts'

/**
 * Parses the filter of a rule.
 * @throws ScimError 400 invalidFilter for bad syntax, an attribute that users lack, or one that rules may not use.
 */
export function parseWhere(text: string): Filter {
  const filter = parseFilter(text, userType)
  const refused = targetsOf(filter).find(isRefused)
  if (refused !== undefined) {
    throw new ScimError(400, refusal(refused), { scimType: 'invalidFilter', path: refused.attribute.name })
  }
  return filter
}

/** The reason why a text is no usable filter, for people; undefined when it is one. */
export function whereProblem(text: string): string | undefined {
  try {
    parseWhere(text)
    return undefined
  } catch (error) {
    if (error instanceof ScimError) return error.message
    throw error
  }
}

/**
 * `groups` would bring groups in by name and past their pins, and a rename elsewhere would change who matches.
 * `meta` tells when we wrote the row and under which address it is served, which says nothing about the user.
 */
function isRefused(target: AttributeReference): boolean {
  const isCore = target.extension === undefined
  return (
    isCore && (target.attribute.name === userType.membershipsAttribute || target.attribute.name === 'meta')
  )
}

function refusal(target: AttributeReference): string {
  return target.attribute.name === 'meta'
    ? 'meta cannot be used in a rule'
    : 'groups cannot be used in where; use anyGroup, allGroups or noGroup'
}

/** Targets inside an element filter are sub-attributes of its own target, so that one stands for them. */
function targetsOf(filter: Filter): readonly AttributeReference[] {
  switch (filter.kind) {
    case 'comparison':
    case 'presence':
    case 'element':
      return [filter.target]
    case 'not':
      return targetsOf(filter.filter)
    case 'and':
    case 'or':
      return filter.filters.flatMap(targetsOf)
    case 'constant':
      return []
  }
}
