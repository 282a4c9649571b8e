/** The envelope of a PATCH body, made standard before anything in it is understood. */

import type { Met } from '#scim/dialects.ts'
import { ScimError } from '#scim/errors.ts'
import { isList, isObject } from '#scim/json.ts'
import type { Json, JsonObject } from '#scim/json.ts'
import { messageUrns } from '#scim/urns.ts'

/** An operation as RFC 7644 3.5.2 writes it, its path and value not yet understood. */
export interface StandardOperation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path?: string
  /** Absent if the client sent none. */
  readonly value?: Json
}

export const maxPatchOperations = 1000

/**
 * The operations of a PatchOp body, and in `met` the dialects that it took. Throws invalidSyntax for a body of another
 * shape, invalidValue for one without operations, 413 for one with too many.
 */
export function standardOperations(body: unknown, met: Met): readonly StandardOperation[] {
  if (!isObject(body)) throw invalidSyntax('The body is not a JSON object')
  requirePatchOp(valueOf(body, 'schemas', met), met)
  const operations = valueOf(body, 'Operations', met)
  if (!isList(operations)) throw invalidSyntax('Operations is not a list')
  if (operations.length === 0) {
    throw new ScimError(400, 'Operations is empty.', { scimType: 'invalidValue', path: 'Operations' })
  }
  if (operations.length > maxPatchOperations) {
    throw new ScimError(413, `A PATCH has at most ${String(maxPatchOperations)} operations.`)
  }
  return operations.map((operation) => standardOperation(operation, met))
}

function standardOperation(operation: Json, met: Met): StandardOperation {
  if (!isObject(operation)) throw invalidSyntax('An operation is not a JSON object')
  const op = operationName(valueOf(operation, 'op', met), met)
  const path = valueOf(operation, 'path', met) ?? ''
  if (typeof path !== 'string') {
    throw new ScimError(400, 'A path is not a text.', { scimType: 'invalidPath' })
  }
  const value = valueOf(operation, 'value', met)
  return {
    op,
    ...(path.trim() === '' ? {} : { path: path.trim() }),
    ...(value === undefined ? {} : { value }),
  }
}

function operationName(json: Json | undefined, met: Met): StandardOperation['op'] {
  const name = typeof json === 'string' ? json.toLowerCase() : undefined
  if (name !== 'add' && name !== 'replace' && name !== 'remove') {
    throw invalidSyntax('op is one of add, replace and remove')
  }
  if (name !== json) met.add('entra-capital-ops')
  return name
}

function requirePatchOp(schemas: Json | undefined, met: Met): void {
  if (schemas === undefined || schemas === null) {
    met.add('missing-patch-schema')
    return
  }
  const urns = isList(schemas) ? schemas : [schemas]
  if (!urns.some(isPatchOp)) throw invalidSyntax(`schemas does not name ${messageUrns.patchOp}`)
}

/** The value of a key in any case; the exact one comes first. */
function valueOf(json: JsonObject, name: string, met: Met): Json | undefined {
  if (Object.hasOwn(json, name)) return json[name]
  const wanted = name.toLowerCase()
  const key = Object.keys(json).find((key) => key.toLowerCase() === wanted)
  if (key === undefined) return undefined
  met.add('any-case-keys')
  return json[key]
}

function isPatchOp(urn: Json): boolean {
  return typeof urn === 'string' && urn.toLowerCase() === messageUrns.patchOp.toLowerCase()
}

function invalidSyntax(problem: string): ScimError {
  return new ScimError(400, `${problem}.`, { scimType: 'invalidSyntax' })
}
