import { expect, test } from 'vitest'

import { checkProvided } from '#operator/tenant/provided-token.ts'

const where = 'key token of Secret okta'
const good = 'Zk3vQ9xT7mB2nL5pR8sW1yD4fG6hJ0kA'

test('a long random token is taken as it is, without an editor’s newline', () => {
  expect(checkProvided(`${good}\n`, where)).toEqual({ kind: 'token', token: good })
  expect(checkProvided('0123456789abcdef0123456789abcdef', where)).toMatchObject({ kind: 'token' })
})

test.for([
  ['missing', undefined, 'There is no'],
  ['short', good.slice(1), 'too easy'],
  ['repetitive', 'abababababababababababababababababababab', 'too easy'],
  ['made of few digits', '12345678901234567890123456789012', 'too easy'],
  ['no header can carry', `${good} x`, 'no bearer token'],
  ['too long', good.repeat(40), 'no bearer token'],
  ['in our own format', `scimt_${good}`, 'reserved'],
] as const)('a token that is %s is refused, and the reason does not quote it', ([, text, reason]) => {
  const provided = checkProvided(text, where)
  expect(provided).toMatchObject({ kind: 'problem', message: expect.stringContaining(reason) })
  expect(JSON.stringify(provided)).not.toContain(text ?? 'undefined')
})
