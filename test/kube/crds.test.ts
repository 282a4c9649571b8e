/** Both kinds as a real API server takes and refuses them; the folder adapter is held to the same tables. */

import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { crds } from '#operator/api/crd.ts'
import { refusedRows, takenRows } from '#test/kit/admission-rows.ts'
import { forbiddenObjects, fullObjects } from '#test/kit/full-objects.ts'
import type { KubeObject } from '#operator/kube.ts'
import { api, newNamespace, type ApiReply } from './kit.ts'

let namespace: string
beforeAll(async () => {
  namespace = await newNamespace('crds')
})

/** Where objects of the same kind live. */
const pathOf = ({ kind, apiVersion }: KubeObject, inNamespace: string): string => {
  const plural = crds().find(({ spec }) => spec.names.kind === kind)?.spec.names.plural ?? ''
  return `/apis/${apiVersion}/namespaces/${inNamespace}/${plural}`
}

/** Goes through all of the admission and stores nothing. */
function dryCreate(object: KubeObject): Promise<ApiReply> {
  const metadata = { ...object.metadata, namespace }
  return api('POST', `${pathOf(object, namespace)}?dryRun=All`, { ...object, metadata })
}

/** Server-side apply, as a person does. */
function apply(object: KubeObject, inNamespace: string, subresource = ''): Promise<ApiReply> {
  const path = `${pathOf(object, inNamespace)}/${object.metadata.name}${subresource}`
  const metadata = { ...object.metadata, namespace: inNamespace }
  const query = '?fieldManager=person&force=true'
  return api('PATCH', path + query, { ...object, metadata }, 'application/apply-patch+yaml')
}

/** Puts it there with its status, as a person and the operator do together. */
async function provision(object: KubeObject, inNamespace: string): Promise<void> {
  const replies = [await apply(object, inNamespace)]
  if ('status' in object) replies.push(await apply(object, inNamespace, '/status'))
  const failed = replies.find(({ status }) => status >= 400)
  if (failed !== undefined) throw new Error(JSON.stringify(failed.body))
}

/** metav1.Status of a refusal. */
const Refusal = z.object({
  reason: z.literal('Invalid'),
  message: z.string(),
  details: z.object({ causes: z.array(z.object({ field: z.string(), message: z.string() })) }),
})

test.for(takenRows)('the API server takes $title', async ({ object }) => {
  expect(await dryCreate(object)).toMatchObject({ status: 201 })
})

test.for(refusedRows)('the API server refuses $title', async ({ object, field, message, before }) => {
  const own = await newNamespace('refused')
  if (before !== undefined) await provision(before, own)
  const { status, body } = await apply(object, own)
  expect(status).toBe(422)
  const { causes } = Refusal.parse(body).details
  expect(causes).toContainEqual({
    field: field === '' ? '<nil>' : field,
    message: expect.stringContaining(message),
  })
})

test('the API server takes the full objects, and none with a field that the schema forbids', async () => {
  for (const object of fullObjects) expect(await dryCreate(object)).toMatchObject({ status: 201 })
  const missed: string[] = []
  for (const { field, how, object } of forbiddenObjects()) {
    const { status, body } = await dryCreate(object)
    const named = Refusal.safeParse(body).data?.details.causes.some((cause) => cause.field.startsWith(field))
    if (status !== 422 || named !== true)
      missed.push(`${field} ${how}: ${String(status)} ${JSON.stringify(body)}`)
  }
  expect(missed).toEqual([])
})
