import { expect, test } from 'vitest'

import { refusal, statusError, unreachable } from '#operator/cluster/errors.ts'
import { retryAfterMs } from '#operator/kube.ts'
import { statusOf } from '#test/kit/api-status.ts'

const said = (code: number, reason: string, rest = {}) => JSON.stringify(statusOf(code, reason, rest))

test.each([
  [400, 'BadRequest', 'Invalid'],
  [401, 'Unauthorized', 'Unauthorized'],
  [403, 'Forbidden', 'Forbidden'],
  [404, 'NotFound', 'NotFound'],
  [405, 'MethodNotAllowed', 'Unknown'],
  [409, 'AlreadyExists', 'AlreadyExists'],
  [409, 'Conflict', 'Conflict'],
  [410, 'Expired', 'Expired'],
  [410, 'Gone', 'Expired'],
  [422, 'Invalid', 'Invalid'],
  [429, 'TooManyRequests', 'TooManyRequests'],
  [500, 'InternalError', 'Unavailable'],
  [503, 'ServiceUnavailable', 'Unavailable'],
  [504, 'Timeout', 'Unavailable'],
] as const)('an answer %i %s is KubeError %s', (code, reason, kubeReason) => {
  expect(refusal(code, said(code, reason))).toMatchObject({ code, reason: kubeReason, message: 'no' })
})

test('a refusal says what the API server said', () => {
  const message = 'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a'
  expect(refusal(409, said(409, 'Conflict', { message })).message).toBe(message)
})

test('the answer of something that is no API server is classified by its code and quoted', () => {
  const error = refusal(502, '<html>Bad Gateway</html>'.padEnd(1000, '.'))
  expect(error).toMatchObject({ code: 502, reason: 'Unavailable' })
  expect(error.message).toContain('502: <html>Bad Gateway</html>')
  expect(error.message.length).toBeLessThan(300)
})

test('a version that the server has not reached yet is as useless as one that is too old', () => {
  const details = { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] }
  expect(statusError(statusOf(504, 'Timeout', { details }))).toMatchObject({ code: 504, reason: 'Expired' })
})

test('how long the API wants to be left alone comes from the header, else from the status', () => {
  const details = { retryAfterSeconds: 3 }
  expect(retryAfterMs(refusal(429, said(429, 'TooManyRequests', { details }), '7'))).toBe(7000)
  expect(retryAfterMs(refusal(429, said(429, 'TooManyRequests', { details })))).toBe(3000)
  expect(retryAfterMs(refusal(429, said(429, 'TooManyRequests'), 'soon'))).toBe(0)
  expect(retryAfterMs(new Error('another'))).toBe(0)
})

test('no answer is KubeError Unavailable with the cause in the message, which Node may leave empty', () => {
  const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
  expect(unreachable(refused)).toMatchObject({
    code: 0,
    reason: 'Unavailable',
    message: 'no answer from the API server: ECONNREFUSED',
    cause: refused,
  })
})
