/**
 * Server-side apply, as far as the operator and manifests need it: each manager owns the fields it applied, fields it
 * no longer applies go, and a field of another manager is refused or, with force, taken over.
 */
import { fieldName, fieldsOf, valueOfField, withField, withoutField } from './fields.ts'
import { isObject, sameJson } from './json.ts'

import type { Field, ListKeys, Step } from './fields.ts'
import type { JsonObject } from './json.ts'

/** Who owns which fields of an object. */
export interface Managed {
  readonly manager: string
  /** The manifest file the fields came from, where they came from one. */
  readonly source?: string
  readonly fields: readonly (readonly Step[])[]
}

export interface Applied {
  readonly content: JsonObject
  readonly managed: readonly Managed[]
}

export interface ApplyRequest {
  readonly live: Applied
  /** Only what the manager says; not identity, not what the server fills in. */
  readonly applied: JsonObject
  readonly manager: string
  readonly source?: string
  readonly force: boolean
  readonly listKeys: ListKeys
}

export type ApplyResult =
  | ({ readonly kind: 'applied' } & Applied)
  /** Fields (as dotted paths) and the managers that own them. */
  | { readonly kind: 'conflict'; readonly fields: readonly string[]; readonly managers: readonly string[] }

/** Pure: the merged content and the new ownership, or the conflict. */
export const serverSideApply = (request: ApplyRequest): ApplyResult => {
  const { live, manager, force } = request
  const wanted = fieldsOf(request.applied, request.listKeys)
  const others = live.managed.filter((entry) => entry.manager !== manager)
  const own = live.managed.find((entry) => entry.manager === manager)

  const disputed = disputes(wanted, others, live.content)
  if (disputed.length > 0 && !force) return conflict(disputed)

  const taken = new Set(disputed.map(({ steps }) => fieldName(steps)))
  const remaining = others
    .map((entry) => withoutFields(entry, taken))
    .filter(({ fields }) => fields.length > 0)
  const kept = new Set(remaining.flatMap(({ fields }) => fields.map(fieldName)))
  const dropped = (own?.fields ?? []).filter(
    (steps) => !wanted.has(fieldName(steps)) && !kept.has(fieldName(steps)),
  )

  const cleared = dropped.reduce<unknown>(withoutField, live.content)
  const merged = [...wanted.values()].reduce<unknown>(
    (content, { steps, value }) => withField(content, steps, value),
    cleared ?? {},
  )
  const entry: Managed = {
    manager,
    ...(request.source === undefined ? {} : { source: request.source }),
    fields: [...wanted.values()].map(({ steps }) => steps),
  }
  return {
    kind: 'applied',
    content: isObject(merged) ? merged : {},
    managed: entry.fields.length === 0 ? remaining : [...remaining, entry],
  }
}

const withoutFields = (entry: Managed, names: ReadonlySet<string>): Managed => ({
  ...entry,
  fields: entry.fields.filter((steps) => !names.has(fieldName(steps))),
})

interface Dispute {
  readonly steps: readonly Step[]
  readonly manager: string
}

/** Fields that someone else owns with another value; the same value is shared in peace. */
const disputes = (
  wanted: ReadonlyMap<string, Field>,
  others: readonly Managed[],
  live: JsonObject,
): readonly Dispute[] =>
  others.flatMap(({ manager, fields }) =>
    fields
      .filter((steps) => {
        const field = wanted.get(fieldName(steps))
        return field !== undefined && !sameJson(field.value, valueOfField(live, steps))
      })
      .map((steps) => ({ steps, manager })),
  )

const conflict = (disputed: readonly Dispute[]): ApplyResult => ({
  kind: 'conflict',
  fields: disputed.map(({ steps }) => `.${steps.map(readable).join('.')}`),
  managers: [...new Set(disputed.map(({ manager }) => manager))],
})

const readable = (step: Step): string => (typeof step === 'string' ? step : JSON.stringify(step))
