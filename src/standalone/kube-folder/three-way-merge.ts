/**
 * An edit as what it changed, carried over to what stands there now: whoever saved a file had an older version before
 * them than the one that was stored meanwhile.
 */
import { fieldsOf, withField, withoutField } from './fields.ts'
import { isObject, sameJson } from './json.ts'

import type { ListKeys } from './fields.ts'
import type { JsonObject } from './json.ts'

export interface ThreeWayMerge {
  /** What the editor began with. */
  readonly base: JsonObject
  readonly edited: JsonObject
  readonly live: JsonObject
  readonly listKeys: ListKeys
}

/** Pure: `live` with the fields that differ between `base` and `edited`; the edit wins where both changed one. */
export const threeWayMerge = ({ base, edited, live, listKeys }: ThreeWayMerge): JsonObject => {
  const before = fieldsOf(base, listKeys)
  const after = fieldsOf(edited, listKeys)
  const removed = [...before].filter(([name]) => !after.has(name)).map(([, field]) => field)
  const changed = [...after]
    .filter(([name, field]) => !before.has(name) || !sameJson(before.get(name)?.value, field.value))
    .map(([, field]) => field)
  const cleared = removed.reduce<unknown>((content, { steps }) => withoutField(content, steps), live)
  const merged = changed.reduce<unknown>(
    (content, { steps, value }) => withField(content, steps, value),
    cleared ?? {},
  )
  return isObject(merged) ? merged : {}
}
