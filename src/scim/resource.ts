/** A resource on its way between the protocol and the directory. */

import type { Filter } from './filter/ast.ts'
import type { JsonObject } from './json.ts'

/**
 * The attributes of a resource that are stored as one document: canonical names, extensions under their URN,
 * unassigned attributes absent. Never in it: `id`, `schemas`, `meta`, read-only attributes, `password`, and the
 * membership attribute (`members`), which lives as rows.
 */
export type ResourceData = JsonObject

/** An inbound resource after validation. */
export interface NewResource {
  readonly data: ResourceData
  /** Pushed member values in order, without repeats; absent when the body did not name the attribute. */
  readonly members?: readonly string[]
}

/** One row of a membership as the wire shows it; `$ref` is added by the projection. */
export interface Member {
  readonly value: string
  readonly type: string
  readonly display?: string
}

/** A resource as the directory returns it. */
export interface StoredResource {
  readonly id: string
  /** Name of the resource type: `User`, `Group`. */
  readonly type: string
  /** The stored document as JSON text (a ResourceData), so that the common answer needs no parse. */
  readonly json: string
  readonly version: number
  readonly created: Date
  readonly lastModified: Date
  /** Members by member id, only if they were asked for and the type has a membership attribute. */
  readonly members?: readonly Member[]
  /** Instead of the members that were asked for: they are too many to be held at once, and are read in batches. */
  readonly hasManyMembers?: boolean
  /** Direct groups by group id, only if they were asked for and the type has a memberships attribute. */
  readonly groups?: readonly Member[]
}

/** A change of the membership rows of one resource, to be worked off in order by set-based SQL. */
export type MembershipStep =
  | { readonly kind: 'add'; readonly values: readonly string[] }
  | { readonly kind: 'remove'; readonly values: readonly string[] }
  | { readonly kind: 'replace'; readonly values: readonly string[] }
  /** Removal by a filter that is more than `value eq`: targets are sub-attributes of the member. */
  | { readonly kind: 'removeMatching'; readonly filter: Filter }

/** What a PATCH or PUT makes of a resource: the new document and what happens to its members. */
export interface ChangedResource {
  readonly data: ResourceData
  readonly membership: readonly MembershipStep[]
}
