import { expect, test, vi } from 'vitest'

import { withClient } from '#directory/client.ts'
import { openDirectory } from '#directory/database.ts'
import { watchOutage } from '#directory/outage.ts'
import { createLogger } from '#platform/log.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { tcpProxy } from '#test/kit/tcp-proxy.ts'

test('an outage is told once when it begins and once when it is over, and hides nothing else', async () => {
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await cloneDatabase())
  const proxy = stack.use(await tcpProxy(db.appUrl))
  const directory = stack.use(await openDirectory({ url: proxy.url, applicationName: 'test' }))
  const told: string[] = []
  const write = (line: string): void => {
    const { level, msg }: { level: string; msg: string } = JSON.parse(line)
    told.push(`${level} ${msg}`)
  }
  const outage = stack.use(watchOutage(directory, createLogger('test', { stream: { write } })))
  const ask = () => withClient(directory, (query) => query('select 1'))

  outage.tell(new Error('a bug'), 'work failed')
  await ask()
  await proxy.stop()
  for (const part of ['sweep', 'poll']) {
    const error: unknown = await ask().catch((refusal: unknown) => refusal)
    outage.tell(error, `${part} failed`)
  }
  outage.tell(new Error('another bug'), 'work failed')
  expect(outage.isOn()).toBe(true)
  expect(told).toEqual(['warn work failed', 'warn Postgres is away', 'warn work failed'])
  await proxy.start()
  await vi.waitFor(() => expect(outage.isOn()).toBe(false), { timeout: 30_000 })
  expect(told.slice(3)).toEqual(['info Postgres is back'])
})
