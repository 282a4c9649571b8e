/** A group selector names one group, by displayName, externalId or id; a pin says which group that is. */

import { fold } from '#scim/fold.ts'

export type SelectorKind = 'displayName' | 'externalId' | 'id'

export interface Selector {
  readonly kind: SelectorKind
  /** As written in the policy. */
  readonly value: string
}

/**
 * What a selector stands for at the moment: a group; no group of that name so far; or a group that existed and was
 * deleted, which stays so until the policy changes.
 */
export type Pin =
  | { readonly kind: 'group'; readonly id: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'deleted' }

/** Pins by `selectorKey`; a selector without an entry is unknown. */
export type Pins = ReadonlyMap<string, Pin>

/** The value as it is compared and stored: displayName is case-insensitive (RFC 7643 section 4.2), the others exact. */
export function selectorValue(selector: Selector): string {
  return selector.kind === 'displayName' ? fold(selector.value) : selector.value
}

/** One text per selector, equal for selectors that mean the same group. */
export function selectorKey(selector: Selector): string {
  return `${selector.kind}:${selectorValue(selector)}`
}

/** `group "Contractors"`, `group with externalId "42"`: how messages name a selector. */
export function describeSelector(selector: Selector): string {
  return selector.kind === 'displayName'
    ? `group ${JSON.stringify(selector.value)}`
    : `group with ${selector.kind} ${JSON.stringify(selector.value)}`
}

export function pinOf(pins: Pins, selector: Selector): Pin {
  return pins.get(selectorKey(selector)) ?? { kind: 'unknown' }
}
