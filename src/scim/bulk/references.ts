/** References to resources that the same bulk request creates: `bulkId:qwerty` in place of an id (RFC 7644 3.7.2). */

import { isList, isObject } from '#scim/json.ts'
import type { Json } from '#scim/json.ts'

const prefix = 'bulkId:'

/** In the path of a PATCH operation, as a literal of its filter: `members[value eq "bulkId:qwerty"]`. */
const quoted = /"bulkId:([^"\\]+)"/g

/** The id of what was created for a bulkId; throws if nothing was. */
export type IdOf = (bulkId: string) => string

/** The text, or the id that it refers to. */
export function withId(text: string, idOf: IdOf): string {
  return text.startsWith(prefix) ? idOf(text.slice(prefix.length)) : text
}

/**
 * The JSON with an id in place of each reference. A text that is a reference as a whole is one wherever it stands,
 * since extensions "that include references to other resources MUST be handled in the same way".
 */
export function withIds(json: Json, idOf: IdOf): Json {
  if (typeof json === 'string') return withId(json, idOf)
  if (isList(json)) return json.map((one) => withIds(one, idOf))
  if (!isObject(json)) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      name.toLowerCase() === 'path' && typeof value === 'string' && !value.startsWith(prefix)
        ? value.replace(quoted, (_all, bulkId: string) => JSON.stringify(idOf(bulkId)))
        : withIds(value, idOf),
    ]),
  )
}

/** The bulkIds that the JSON refers to. */
export function referencesIn(json: Json): ReadonlySet<string> {
  const found = new Set<string>()
  withIds(json, (bulkId) => {
    found.add(bulkId)
    return ''
  })
  return found
}
