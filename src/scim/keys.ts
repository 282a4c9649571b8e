/** The folded columns by which resources are found, made from the document (RFC 7643 caseExact; scim/fold.ts). */

import { fold } from './fold.ts'
import { isList, propertyOf } from './json.ts'
import type { Json } from './json.ts'
import type { ResourceData } from './resource.ts'
import type { ResourceType } from './schema.ts'

export interface ResourceKeys {
  /** Folded value of the type's unique attribute. */
  readonly uniqueKey: string
  /** Folded displayName. */
  readonly displayKey: string | null
  /** As the client sent it: externalId is case exact. */
  readonly externalId: string | null
  /** Null if unassigned. */
  readonly active: boolean | null
  /** E-mail addresses in list order, folded; elements without a value are left out. */
  readonly emails: readonly EmailKey[]
}

export interface EmailKey {
  readonly type: string | null
  readonly valueKey: string
}

/** The keys of a document that parseResource or applyPatch has made. */
export function keysOf(data: ResourceData, type: ResourceType): ResourceKeys {
  const { active, emails, externalId } = data
  return {
    uniqueKey: folded(data[type.uniqueAttribute]) ?? '',
    displayKey: folded(data['displayName']),
    externalId: typeof externalId === 'string' ? externalId : null,
    active: typeof active === 'boolean' ? active : null,
    emails: (isList(emails) ? emails : []).flatMap(emailKey),
  }
}

function emailKey(email: Json): readonly EmailKey[] {
  const valueKey = folded(propertyOf(email, 'value'))
  return valueKey === null ? [] : [{ type: folded(propertyOf(email, 'type')), valueKey }]
}

function folded(json: Json | undefined): string | null {
  return typeof json === 'string' ? fold(json) : null
}
