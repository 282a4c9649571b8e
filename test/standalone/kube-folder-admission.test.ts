/** The folder adapter refuses what a real API server refuses: test/kube/crds.test.ts runs the same tables. */

import { expect, test } from 'vitest'
import { crds } from '#operator/api/crd.ts'
import { admit, InvalidObject } from '#standalone/kube-folder/admission.ts'
import { servedKinds } from '#standalone/kube-folder/kinds.ts'
import { refusedRows, takenRows } from '#test/kit/admission-rows.ts'
import { forbiddenObjects, fullObjects } from '#test/kit/full-objects.ts'
import { temporaryKubeFolder } from '#test/kit/kube-folder.ts'
import type { KubeObject } from '#operator/kube.ts'

const person = { fieldManager: 'person', force: true }

test.for(takenRows)('the folder takes $title', async ({ object }) => {
  await using folder = await temporaryKubeFolder()
  const created = await folder.kube.create(object)
  expect(created.metadata.uid).toBeDefined()
})

test.for(refusedRows)('the folder refuses $title', async ({ object, field, message, before }) => {
  await using folder = await temporaryKubeFolder()
  if (before !== undefined) {
    await folder.kube.apply(before, person)
    if ('status' in before) await folder.kube.applyStatus(before, { fieldManager: 'scim-operator' })
  }
  await expect(folder.kube.apply(object, person)).rejects.toMatchObject({
    reason: 'Invalid',
    message: field === '' ? message : `${field}: ${message}`,
  })
})

const kinds = servedKinds(crds())

/** What is wrong with an object, or undefined. */
function refusal(object: KubeObject): string | undefined {
  const kind = kinds.of(object)
  if (kind === undefined) throw new Error(`${object.kind} is not served`)
  try {
    admit(kind, object, undefined)
    return undefined
  } catch (error) {
    if (!(error instanceof InvalidObject)) throw error
    return error.message
  }
}

test('the folder takes the full objects, and none with a field that the schema forbids', () => {
  expect(fullObjects.map(refusal)).toEqual(fullObjects.map(() => undefined))
  const forbidden = [...forbiddenObjects()]
  expect(forbidden.length).toBeGreaterThan(200)
  const missed = forbidden.filter(({ field, object }) => refusal(object)?.includes(field) !== true)
  expect(missed.map(({ field, how }) => `${field} ${how}`)).toEqual([])
})
