import { expect, test } from 'vitest'

import { createLogger } from '#platform/log.ts'

const token = 'scimt_0123456789Ab_0123456789012345678901234567890123456789012345678'

const logged = (write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown> => {
  let line = ''
  write(createLogger('test', { stream: { write: (text) => void (line += text) } }))
  return JSON.parse(line)
}

test('fields named like secrets are redacted at every depth up to four', () => {
  const line = logged((log) =>
    log.info({
      token: 'a',
      request: { headers: { authorization: 'Bearer b', cookie: 'c' } },
      config: { database: { owner: { password: 'd' } } },
    }),
  )
  expect(line).toMatchObject({
    token: '[redacted]',
    request: { headers: { authorization: '[redacted]', cookie: '[redacted]' } },
    config: { database: { owner: { password: '[redacted]' } } },
  })
})

test('what has the shape of a secret is redacted wherever it stands', () => {
  const line = logged((log) =>
    log.warn({ note: `it was ${token}` }, 'postgres://app:geheim@db:5432/scim sent Bearer abcdefghij'),
  )
  expect(JSON.stringify(line)).not.toMatch(/geheim|abcdefghij|012345678901234567890/)
  expect(line).toMatchObject({
    note: 'it was scimt_0123456789Ab_[redacted]',
    msg: 'postgres://app:[redacted]@db:5432/scim sent Bearer [redacted]',
  })
})

test('a line says its room, its level as a word and its time as text', () => {
  const line = logged((log) => log.error('failed'))
  expect(line).toMatchObject({ room: 'test', level: 'error', msg: 'failed' })
  expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
})
