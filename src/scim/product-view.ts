/** A user as the product shows it: the few attributes that have an effect, nothing else. */

import { isList, propertyOf } from './json.ts'
import type { Json } from './json.ts'
import { parseData } from './project.ts'
import type { StoredResource } from './resource.ts'
import { schemaUrns } from './urns.ts'

export interface ProductUser {
  readonly id: string
  readonly userName: string
  readonly displayName: string
  /** The first address in list order, whichever is primary. */
  readonly email: string | null
  readonly title: string | null
  readonly department: string | null
  /** An unassigned `active` counts as active. */
  readonly active: boolean
  /** A deactivated user is kept in the archive. */
  readonly archived: boolean
  /** Nothing but the userName could be shown as display name. */
  readonly incomplete: boolean
  readonly externalId: string | null
}

/** The product's view of a stored user. */
export function productUser(stored: StoredResource): ProductUser {
  const data = parseData(stored.json)
  const userName = textOf(data['userName']) ?? ''
  const displayName = displayNameOf(data['displayName'], data['name'])
  const active = data['active'] !== false
  const { emails } = data
  const addresses = (isList(emails) ? emails : []).map((email) => textOf(propertyOf(email, 'value')))
  return {
    id: stored.id,
    userName,
    displayName: displayName ?? userName,
    email: addresses.find((address) => address !== null) ?? null,
    title: textOf(data['title']),
    department: textOf(propertyOf(data[schemaUrns.enterpriseUser], 'department')),
    active,
    archived: !active,
    incomplete: displayName === null,
    externalId: textOf(data['externalId']),
  }
}

export interface ProductGroup {
  readonly id: string
  readonly displayName: string
  readonly externalId: string | null
}

/** The product's view of a stored group; its members are asked for on their own, since there may be many. */
export function productGroup(stored: StoredResource): ProductGroup {
  const data = parseData(stored.json)
  return {
    id: stored.id,
    displayName: textOf(data['displayName']) ?? '',
    externalId: textOf(data['externalId']),
  }
}

function displayNameOf(displayName: Json | undefined, name: Json | undefined): string | null {
  const parts = [propertyOf(name, 'givenName'), propertyOf(name, 'familyName')].map(textOf)
  const joined = parts.filter((part) => part !== null).join(' ')
  return textOf(displayName) ?? textOf(propertyOf(name, 'formatted')) ?? textOf(joined)
}

/** Text that people can read: blanks alone are none. */
function textOf(json: Json | undefined): string | null {
  return typeof json === 'string' && json.trim() !== '' ? json : null
}
