/** Which attributes an answer shows: `attributes`, `excludedAttributes` and `returned` (RFC 7644 3.9, RFC 7643 7). */

import { containerOf, resolveAttribute } from './attribute-path.ts'
import { ScimError } from './errors.ts'
import { isList, isObject } from './json.ts'
import type { Json, JsonObject } from './json.ts'
import { commonAttributes } from './schemas/common.ts'
import type { ResourceType } from './schema.ts'

/** Names, and for each whether it is meant whole or only some names below it. */
export type Selection = ReadonlyMap<string, Selection | 'whole'>

export interface Projection {
  readonly kind: 'only' | 'without'
  /** Keyed as the document is: core names, and URNs with the names of the extension below. */
  readonly selection: Selection
}

type Path = readonly string[]

/**
 * The projection that two comma-separated lists of attribute names ask for; unknown names are ignored.
 * Throws invalidValue if both are given, since they exclude each other.
 */
export function parseProjection(
  attributes: string | undefined,
  excludedAttributes: string | undefined,
  type: ResourceType,
): Projection {
  const shown = namesIn(attributes)
  const hidden = namesIn(excludedAttributes)
  if (shown.length > 0 && hidden.length > 0) {
    throw new ScimError(400, 'attributes and excludedAttributes exclude each other.', {
      scimType: 'invalidValue',
    })
  }
  if (shown.length > 0) {
    const paths = shown.flatMap((name) => pathsOf(name, type))
    return { kind: 'only', selection: selectionOf([...paths, ...alwaysReturned(type)], neverReturned(type)) }
  }
  if (hidden.length === 0) return defaultProjection(type)
  const paths = hidden.flatMap((name) => pathsOf(name, type))
  return { kind: 'without', selection: selectionOf([...paths, ...notByDefault(type)], alwaysReturned(type)) }
}

/** What most requests ask for, made once for each type. */
const defaults = new WeakMap<ResourceType, Projection>()

function defaultProjection(type: ResourceType): Projection {
  const known = defaults.get(type)
  if (known !== undefined) return known
  const projection: Projection = {
    kind: 'without',
    selection: selectionOf(notByDefault(type), alwaysReturned(type)),
  }
  defaults.set(type, projection)
  return projection
}

/** Whether something of a top-level attribute is shown. */
export function shows(projection: Projection, name: string): boolean {
  return projection.kind === 'only'
    ? projection.selection.has(name)
    : projection.selection.get(name) !== 'whole'
}

/** Whether an answer shows the members, so that they have to be read. */
export function needsMembers(projection: Projection, type: ResourceType): boolean {
  return type.membershipAttribute !== undefined && shows(projection, type.membershipAttribute)
}

/** Whether an answer shows the groups of a resource, so that they have to be read. */
export function needsMemberships(projection: Projection, type: ResourceType): boolean {
  return type.membershipsAttribute !== undefined && shows(projection, type.membershipsAttribute)
}

/** The part of a JSON value that a projection shows. */
export function projected(json: JsonObject, projection: Projection): JsonObject {
  return projection.kind === 'only' ? kept(json, projection.selection) : removed(json, projection.selection)
}

function kept(json: JsonObject, selection: Selection): JsonObject {
  return changed(json, (name, value) => {
    const below = selection.get(name)
    if (below === undefined || below === 'whole') return below && value
    return eachObject(value, (object) => kept(object, below))
  })
}

function removed(json: JsonObject, selection: Selection): JsonObject {
  return changed(json, (name, value) => {
    const below = selection.get(name)
    if (below === undefined || below === 'whole') return below === undefined ? value : undefined
    return eachObject(value, (object) => removed(object, below))
  })
}

function changed(json: JsonObject, change: (name: string, value: Json) => Json | undefined): JsonObject {
  const entries = Object.entries(json).map(([name, value]) => [name, change(name, value)] as const)
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

/** The value with its object, or each object of its list, changed; undefined if nothing of it is left. */
function eachObject(json: Json, change: (object: JsonObject) => JsonObject): Json | undefined {
  if (isList(json)) {
    const list = json.flatMap((one) => eachObject(one, change) ?? [])
    return list.length === 0 ? undefined : list
  }
  const object = isObject(json) ? change(json) : {}
  return Object.keys(object).length === 0 ? undefined : object
}

function namesIn(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').flatMap((name) => name.trim() || [])
}

/** Where a name points in the document; a URN alone means all its attributes; an unknown name nothing. */
function pathsOf(name: string, type: ResourceType): readonly Path[] {
  const container = containerOf(name, type)
  if (container?.extension !== undefined) return [[container.extension]]
  if (container !== undefined) return container.schema.attributes.map((attribute) => [attribute.name])
  const reference = resolveAttribute(name, type)
  if (reference === undefined) return []
  const { extension, attribute, subAttribute } = reference
  return [[extension, attribute.name, subAttribute?.name].filter((part) => part !== undefined)]
}

function alwaysReturned(type: ResourceType): readonly Path[] {
  return pathsReturned(type, ['always'])
}

function neverReturned(type: ResourceType): readonly Path[] {
  return pathsReturned(type, ['never'])
}

function notByDefault(type: ResourceType): readonly Path[] {
  return pathsReturned(type, ['never', 'request'])
}

/** Attributes of these ways of being returned. Write-only ones are never stored, so nothing has to hide them. */
function pathsReturned(type: ResourceType, ways: readonly string[]): readonly Path[] {
  const own = [...commonAttributes, ...type.schema.attributes].map((one) => ({ path: [one.name], one }))
  const extended = type.extensions.flatMap(({ schema }) =>
    schema.attributes.map((one) => ({ path: [schema.id, one.name], one })),
  )
  return [...own, ...extended]
    .filter(({ one }) => ways.includes(one.returned) && one.mutability !== 'writeOnly')
    .map(({ path }) => path)
}

function selectionOf(paths: readonly Path[], exceptions: readonly Path[]): Selection {
  const excepted = new Set(exceptions.map((path) => path.join('\n')))
  const selection: MutableSelection = new Map()
  for (const path of paths) {
    if (!excepted.has(path.join('\n'))) insert(selection, path)
  }
  return selection
}

type MutableSelection = Map<string, MutableSelection | 'whole'>

function insert(selection: MutableSelection, [name, ...rest]: Path): void {
  if (name === undefined) return
  const known = selection.get(name)
  if (known === 'whole') return
  if (rest.length === 0) selection.set(name, 'whole')
  else {
    const below = known ?? new Map()
    selection.set(name, below)
    insert(below, rest)
  }
}
