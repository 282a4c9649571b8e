/** What holds for every PATCH, whatever it is. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ScimError } from '#scim/errors.ts'
import { isList, propertyOf } from '#scim/json.ts'
import type { Json } from '#scim/json.ts'
import { keysOf } from '#scim/keys.ts'
import { applyPatch, sameData } from '#scim/patch/apply.ts'
import { parsePatch } from '#scim/patch/parse.ts'
import type { ChangedResource, ResourceData } from '#scim/resource.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import { parseResource } from '#scim/validate.ts'
import { arbitraryGroupData, arbitraryPatch, arbitraryUserData } from '#test/kit/scim-arbitraries.ts'
import { patchBody } from '#test/kit/scim-requests.ts'

const types = [
  { type: userType, arbitraryData: arbitraryUserData() },
  { type: groupType, arbitraryData: arbitraryGroupData() },
]

/** The outcome, or undefined if it was refused; anything but a refusal is thrown on. */
function patched(data: ResourceData, body: unknown, type: ResourceType): ChangedResource | undefined {
  try {
    return applyPatch({ id: 'own', data }, parsePatch(body, type).operations, type)
  } catch (error) {
    if (error instanceof ScimError) return undefined
    throw error
  }
}

describe.each(types)('PATCH of $type.name', ({ type, arbitraryData }) => {
  test('the current document is never changed in place', () => {
    fc.assert(
      fc.property(arbitraryData, arbitraryPatch(type), (data, body) => {
        const before = structuredClone(data)
        patched(deepFrozen(data), body, type)
        expect(data).toEqual(before)
      }),
    )
  })

  test('the outcome is what a whole resource of the same content would have become', () => {
    fc.assert(
      fc.property(arbitraryData, arbitraryPatch(type), (data, body) => {
        const changed = patched(data, body, type)
        fc.pre(changed !== undefined)
        expect(parseResource(changed?.data, type).resource.data).toEqual(changed?.data)
      }),
    )
  })

  test('no list has two primary values', () => {
    fc.assert(
      fc.property(arbitraryData, arbitraryPatch(type), (data, body) => {
        for (const value of Object.values(patched(data, body, type)?.data ?? {})) {
          const primaries = (isList(value) ? value : []).filter((one) => propertyOf(one, 'primary') === true)
          expect(primaries.length).toBeLessThan(2)
        }
      }),
    )
  })

  test('replacing every attribute by itself changes nothing', () => {
    fc.assert(
      fc.property(arbitraryData, (data) => {
        const changed = patched(data, patchBody([{ op: 'replace', value: data }]), type)
        expect(changed && sameData(changed.data, data)).toBe(true)
        expect(changed?.membership).toEqual([])
      }),
    )
  })

  test('adding what is already there changes nothing', () => {
    fc.assert(
      fc.property(arbitraryData, (data) => {
        const changed = patched(data, patchBody([{ op: 'add', value: data }]), type)
        expect(changed && sameData(changed.data, data)).toBe(true)
      }),
    )
  })

  test('a patch that went through goes through again on its outcome without another change of simple values', () => {
    fc.assert(
      fc.property(arbitraryData, arbitraryData, (data, other) => {
        const body = patchBody([{ op: 'replace', value: other }])
        const once = patched(data, body, type)
        const twice = once && patched(once.data, body, type)
        expect(twice?.data).toEqual(once?.data)
      }),
    )
  })

  test('keys depend on the content of a document alone', () => {
    fc.assert(
      fc.property(arbitraryData, (data) => {
        const reordered = Object.fromEntries(Object.entries(data).toReversed())
        expect(keysOf(reordered, type)).toEqual(keysOf(data, type))
      }),
    )
  })

  test('garbage is refused with a ScimError or understood, never anything else', () => {
    const json = fc.json({ maxDepth: 3 }).map((text): Json => JSON.parse(text))
    const path = fc.oneof(
      fc.constantFrom(
        'emails[',
        'emails[]',
        'emails[type eq]',
        '].x',
        'a b',
        '[',
        'members[value eq "a"].x',
        'urn:',
        '.',
      ),
      fc.string({ unit: 'binary' }),
    )
    const op = fc.oneof(fc.constantFrom('add', 'REPLACE', 'remove'), json)
    const operation = fc.oneof(
      fc.record({ op, path, value: json }),
      fc.record({ op, path }),
      fc.record({ op, value: json }),
    )
    const bodies = fc.oneof(
      json,
      fc.array(operation).map((operations) => patchBody(operations)),
    )
    fc.assert(
      fc.property(bodies, (body) => {
        expect(() => patched({ [type.uniqueAttribute]: 'x' }, body, type)).not.toThrow()
      }),
      { numRuns: 1000 },
    )
  })
})

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFrozen)
  return Object.freeze(value)
}
