import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import { serverSettings, standaloneSettings } from '#platform/config.ts'
import { listen } from '#platform/listen.ts'
import { Mistake } from '#platform/mistake.ts'
import { portMistake } from '#platform/port-mistake.ts'

test('an occupied port is named with its flag or its variable and what to do', async () => {
  await using stack = new AsyncDisposableStack()
  const server = stack.adopt(createServer(), (opened) => void opened.close())
  const port = await listen(server, 0)
  const error: unknown = await listen(createServer(), port).catch((refusal: unknown) => refusal)
  const config = { scimPort: 1, directoryPort: port }
  const mend = 'is in use by another program: stop it, or choose another port (0 takes a free one).'
  expect(portMistake(error, standaloneSettings, config)).toBeInstanceOf(Mistake)
  expect(String(portMistake(error, standaloneSettings, config))).toContain(
    `Port ${port} (--directory-port) ${mend}`,
  )
  expect(String(portMistake(error, serverSettings, config))).toContain(
    `Port ${port} (DIRECTORY_PORT) ${mend}`,
  )
})

test('an error that is about no port is not explained by one', () => {
  expect(portMistake(new Error('a bug'), serverSettings, {})).toBeUndefined()
})
