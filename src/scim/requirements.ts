/** What every resource fulfils before it is stored, whichever way it came. */

import { invalidValue } from './coerce.ts'
import { isAssigned, isList, propertyOf } from './json.ts'
import type { Json } from './json.ts'
import { fold } from './fold.ts'
import type { ChangedResource } from './resource.ts'
import type { ResourceType } from './schema.ts'

/**
 * Longest value of an attribute that is looked up by index, in bytes of UTF-8 after folding: an entry of a B-tree of
 * Postgres is at most 2,704 bytes, other columns of the key included. All other texts may be of any length.
 */
export const maxKeyBytes = 2048

/** Throws invalidValue if a required attribute is unassigned or an indexed value is too long. */
export function requireStorable(changed: ChangedResource, type: ResourceType): void {
  const { data, membership } = changed
  for (const attribute of type.schema.attributes) {
    if (attribute.required && !isAssigned(data[attribute.name])) {
      throw invalidValue(attribute.name, 'is required')
    }
  }
  for (const name of [type.uniqueAttribute, 'displayName', 'externalId']) requireKeyLength(data[name], name)
  const emails = data['emails']
  if (isList(emails)) {
    for (const email of emails) {
      requireKeyLength(propertyOf(email, 'value'), 'emails.value')
      requireKeyLength(propertyOf(email, 'type'), 'emails.type')
    }
  }
  for (const step of membership) {
    if (step.kind !== 'removeMatching') {
      for (const value of step.values) requireKeyLength(value, `${type.membershipAttribute ?? ''}.value`)
    }
  }
}

function requireKeyLength(value: Json | undefined, path: string): void {
  if (typeof value !== 'string' || value.length < shortEnough) return
  if (Math.max(bytesOf(value), bytesOf(fold(value))) > maxKeyBytes) {
    throw invalidValue(path, `is longer than ${String(maxKeyBytes)} bytes`)
  }
}

/** Folding makes of one UTF-16 unit at most 18, of three bytes each: texts below this need no measuring. */
const shortEnough = maxKeyBytes / (18 * 3)

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}
