import { expect, test } from 'vitest'
import { prepared } from '#directory/prepared.ts'

test('a named parameter is one number however often it stands, and a cast is no parameter', () => {
  const statement = prepared('two', `select :b::text, :a::uuid, :b::text, '1'::text`)
  expect(statement({ a: 1, b: 2, unused: 3 })).toEqual({
    name: 'two',
    text: `select $1::text, $2::uuid, $1::text, '1'::text`,
    values: [2, 1],
  })
})

test('a parameter without a value is an error before anything is sent', () => {
  expect(() => prepared('one', 'select :a')({})).toThrow(TypeError)
  expect(prepared('one', 'select :a')({ a: null }).values).toEqual([null])
})
