/** The body of POST and PUT: what of it is kept, in which form, or why it is refused (RFC 7644 sections 3.3, 3.5.1). */

import { containerOf } from './attribute-path.ts'
import type { DialectName, Met } from './dialects.ts'
import { ScimError } from './errors.ts'
import { isList, isObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { applyPatch } from './patch/apply.ts'
import { expand } from './patch/expand.ts'
import type { ChangedResource, NewResource, ResourceData } from './resource.ts'
import type { ResourceType } from './schema.ts'

export interface ParsedResource {
  readonly resource: NewResource
  /** Names from scim/dialects.ts, each once. */
  readonly dialects: readonly DialectName[]
}

/**
 * Reads a whole resource; with `current` it is a replacement, which keeps `active` when the body does not name it
 * (hard spot 17). Read-only attributes are ignored, unknown ones and unknown schemas dropped.
 * Throws a ScimError 400: invalidSyntax if the body is no object, invalidValue for a missing or unusable value.
 */
export function parseResource(
  body: unknown,
  type: ResourceType,
  current?: { readonly id: string; readonly data: ResourceData },
): ParsedResource {
  if (!isObject(body)) {
    throw new ScimError(400, 'The body is not a JSON object.', { scimType: 'invalidSyntax' })
  }
  const met: Met = new Set()
  noteSchemas(body, type, met)
  const operations = expand(body, { type, op: 'replace', met }).filter((one) => one.op !== 'identify')
  const { data, membership } = applyPatch({ id: '', data: keptOf(current?.data) }, operations, type)
  const [members] = membership
  const resource = members?.kind === 'replace' ? { data, members: members.values } : { data }
  return { resource, dialects: [...met] }
}

/** Whether what a replacement says may depend on `current`; if not, parsing it once is enough. */
export function keepsOfCurrent(type: ResourceType): boolean {
  return type.schema.attributes.some(({ name }) => name === 'active')
}

/**
 * A replacement (PUT) as a change: what the body does not name is unassigned, members included
 * (RFC 7644 3.5.1), as identity providers that PUT groups always send all members.
 */
export function replacementOf(resource: NewResource, type: ResourceType): ChangedResource {
  const members = { kind: 'replace', values: resource.members ?? [] } as const
  return { data: resource.data, membership: type.membershipAttribute === undefined ? [] : [members] }
}

function keptOf(data: ResourceData | undefined): JsonObject {
  const active = data?.['active']
  return active === undefined ? {} : { active }
}

/** `schemas` says nothing that the keys do not say, so it is only looked at for dialects. */
function noteSchemas(body: JsonObject, type: ResourceType, met: Met): void {
  const { schemas } = body
  if (!isList(schemas)) return
  for (const urn of schemas) {
    const schema = typeof urn === 'string' ? containerOf(urn, type)?.schema : undefined
    if (schema === undefined) met.add('entra-unknown-schema')
    else if (schema.id !== urn) met.add('onelogin-legacy-urns')
  }
}
