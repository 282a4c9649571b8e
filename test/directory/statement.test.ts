import { expect, test } from 'vitest'
import { statementNames } from '#directory/statement.ts'

test('the same text always has the same name, another text another', () => {
  const nameOf = statementNames(10)
  expect(nameOf('select 1')).toBe(nameOf('select 1'))
  expect(nameOf('select 2')).not.toBe(nameOf('select 1'))
})

test('only a bounded number of texts get a name, and those keep it', () => {
  const nameOf = statementNames(2)
  const [one, two, three] = [nameOf('one'), nameOf('two'), nameOf('three')]
  expect([typeof one, typeof two, three]).toEqual(['string', 'string', undefined])
  expect(nameOf('one')).toBe(one)
})
