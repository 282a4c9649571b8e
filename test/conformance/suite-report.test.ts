import { expect, test } from 'vitest'

import { checksIn } from './suite-report.ts'

test('what the public suite prints is read check by check, with the words about a failure', () => {
  const output = `Performing a SCIM compliance check on http://127.0.0.1:1/ ...
SUCCESS object_creation
  Successful creation of a User object with id 1
ERROR object_query
  GET answered with the wrong status
  ERROR is only a word here
SKIPPED object_replacement
`
  expect(checksIn(output)).toEqual([
    {
      status: 'SUCCESS',
      title: 'object_creation',
      reason: '  Successful creation of a User object with id 1\n',
    },
    {
      status: 'ERROR',
      title: 'object_query',
      reason: '  GET answered with the wrong status\n  ERROR is only a word here\n',
    },
    { status: 'SKIPPED', title: 'object_replacement', reason: '\n' },
  ])
})
