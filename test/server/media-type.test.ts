import { describe, expect, test } from 'vitest'

import { answerTypeFor, refuseForeignBody } from '#server/media-type.ts'

import { refusal } from '#test/kit/refusal.ts'

describe('media types', () => {
  test.for([
    [undefined, 'application/scim+json'],
    ['*/*', 'application/scim+json'],
    ['application/scim+json', 'application/scim+json'],
    ['application/scim+json, application/json', 'application/scim+json'],
    ['application/scim+json;q=0.5, application/json', 'application/json'],
    ['application/json', 'application/json'],
    ['application/json, text/plain, */*', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    ['application/json;q=0, */*', 'application/scim+json'],
    ['text/html', 'application/scim+json'],
  ] as const)('Accept %s is answered with %s', ([accept, type]) => {
    expect(answerTypeFor(accept)).toBe(type)
  })

  test.for([
    undefined,
    '',
    'application/scim+json',
    'application/json',
    'application/json; charset=utf-8',
    'application/scim+json;charset="UTF-8"',
    'text/json',
  ])('a body of type %s is read', (type) => {
    expect(() => refuseForeignBody(type, undefined)).not.toThrow()
  })

  test.for([
    ['text/plain', undefined],
    ['application/x-www-form-urlencoded', undefined],
    ['application/json; charset=utf-16', undefined],
    ['application/json', 'gzip'],
  ] as const)('a body of type %s and encoding %s is refused with 415', ([type, encoding]) => {
    expect(() => refuseForeignBody(type, encoding)).toThrow(refusal(415))
  })
})
