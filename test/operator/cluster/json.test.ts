import { expect, test } from 'vitest'

import { parseObject } from '#operator/cluster/json.ts'

const kind = { apiVersion: 'v1', kind: 'Secret' }
const metadata = { namespace: 'acme', name: 'a', resourceVersion: '1' }

test('an object is kept without managedFields, and with the kind that items of lists leave out', () => {
  const item = { metadata: { ...metadata, managedFields: [{ manager: 'x' }] }, data: { a: 'MQ==' } }
  expect(parseObject(item, kind)).toEqual({ ...kind, metadata, data: { a: 'MQ==' } })
})

test.each([
  [undefined],
  ['text'],
  [{}],
  [{ metadata: { namespace: 'acme', name: 'a' } }],
  [{ metadata: { ...metadata, name: 7 } }],
  [{ metadata: [metadata] }],
])('what is no object with name, namespace and version is refused: %j', (value) => {
  expect(() => parseObject(value, kind)).toThrow('no Secret')
})
