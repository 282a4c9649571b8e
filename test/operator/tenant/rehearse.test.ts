import { expect, test } from 'vitest'

import { KubeError } from '#operator/kube.ts'
import { httpRouteKind, secretKind } from '#operator/tenant/manifests.ts'
import { rehearse } from '#operator/tenant/rehearse.ts'
import { scriptedKube, thing } from '#test/kit/scripted-kube.ts'

import type { ApplyOptions, Kube } from '#operator/kube.ts'
import type { Action } from '#operator/tenant/action.ts'

const { signal } = new AbortController()
const route: Action = { kind: 'ApplyObject', of: httpRouteKind, object: thing('okta-scim', '1') }
const delivery: Action = { kind: 'CreateSecret', object: thing('delivery', '1') }
const old: Action = { kind: 'DeleteObject', of: secretKind, object: thing('old', '1') }

/** Any call but `tryApply` fails the test. */
function anApi(answer: () => Error | undefined) {
  const asked: ApplyOptions[] = []
  const tryApply: Kube['tryApply'] = (_object, options) => {
    asked.push(options)
    const error = answer()
    return error === undefined ? Promise.resolve() : Promise.reject(error)
  }
  return { kube: { ...scriptedKube().kube, tryApply }, asked }
}

test('what would be applied is tried without being written, and nothing else is asked of the API', async () => {
  const { kube, asked } = anApi(() => undefined)
  expect(await rehearse([delivery, route, old], { kube, signal })).toEqual({ kind: 'observed', refusals: [] })
  expect(asked).toEqual([{ fieldManager: 'scim-operator', force: true, signal }])
})

test('what the API would refuse is told in its words', async () => {
  const { kube } = anApi(() => new KubeError(422, 'Invalid', 'spec.rules: too many'))
  const { refusals } = await rehearse([route], { kube, signal })
  expect(refusals).toEqual([`The API refuses ${route.object.kind} okta-scim: spec.rules: too many`])
})

test('an API that cannot answer now has refused nothing', async () => {
  const { kube } = anApi(() => new KubeError(429, 'TooManyRequests', 'later'))
  await expect(rehearse([route], { kube, signal })).rejects.toThrow('later')
})
