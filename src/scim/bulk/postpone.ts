/** The body of a POST in two parts: what can be created at once, and what refers to resources that come later. */

import { containerOf, resolveAttribute } from '#scim/attribute-path.ts'
import { ScimError } from '#scim/errors.ts'
import { isList, isObject } from '#scim/json.ts'
import type { Json, JsonObject } from '#scim/json.ts'
import type { ResourceType } from '#scim/schema.ts'
import { messageUrns } from '#scim/urns.ts'
import { referencesIn } from './references.ts'

export interface Postponed {
  /** The body without what refers to a postponed bulkId. */
  readonly body: Json
  /** A PatchOp message that adds it. */
  readonly completion: JsonObject
}

/**
 * Takes out of a body whatever refers to one of the bulkIds: elements of lists, and whole single attributes.
 * Throws 409 if that is an attribute without which nothing can be created.
 */
export function postpone(body: Json, bulkIds: ReadonlySet<string>, type: ResourceType): Postponed {
  const { kept, later } = isObject(body)
    ? split(body, { bulkIds, type, prefix: '' })
    : { kept: body, later: [] }
  return { body: kept, completion: { schemas: [messageUrns.patchOp], Operations: later } }
}

interface Splitting {
  readonly bulkIds: ReadonlySet<string>
  readonly type: ResourceType
  /** Of paths inside an extension: its URN and a colon. */
  readonly prefix: string
}

interface Parts {
  readonly kept: JsonObject
  readonly later: readonly JsonObject[]
}

function split(object: JsonObject, splitting: Splitting): Parts {
  const kept: [string, Json][] = []
  const later: JsonObject[] = []
  for (const [name, value] of Object.entries(object)) {
    if (!isPostponed(value, splitting)) {
      kept.push([name, value])
    } else if (isObject(value) && containerOf(name, splitting.type) !== undefined) {
      const inside = split(value, { ...splitting, prefix: `${name}:` })
      kept.push([name, inside.kept])
      later.push(...inside.later)
    } else {
      const path = `${splitting.prefix}${name}`
      requireOptional(path, splitting.type)
      if (isList(value)) kept.push([name, value.filter((one) => !isPostponed(one, splitting))])
      const added = isList(value) ? value.filter((one) => isPostponed(one, splitting)) : value
      later.push({ op: 'add', path, value: added })
    }
  }
  return { kept: Object.fromEntries(kept), later }
}

function isPostponed(json: Json, { bulkIds }: Splitting): boolean {
  return [...referencesIn(json)].some((bulkId) => bulkIds.has(bulkId))
}

/** "MAY stop after a failed attempt and instead return HTTP status code 409" (RFC 7644 section 3.7.1). */
function requireOptional(path: string, type: ResourceType): void {
  if (resolveAttribute(path, type)?.attribute.required !== true) return
  throw new ScimError(409, `${path} refers in a circle, and nothing can be created without it.`, { path })
}
