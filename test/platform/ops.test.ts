import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import { listen } from '#platform/listen.ts'
import { createMetrics } from '#platform/metrics.ts'
import { startOps } from '#platform/ops.ts'

import type { OpsOptions } from '#platform/ops.ts'

const start = (options: Partial<OpsOptions> = {}) =>
  startOps({
    port: 0,
    host: '127.0.0.1',
    registry: createMetrics({ ofProcess: false }).registry,
    ready: () => true,
    ...options,
  })

const get = async (port: number, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

test('metrics are served in the format that Prometheus reads', async () => {
  await using ops = await start()
  const { status, type, text } = await get(ops.port, '/metrics')
  expect(status).toBe(200)
  expect(type).toContain('text/plain; version=0.0.4')
  expect(text).toContain('# TYPE scim_assignment_lag_seconds histogram')
})

test('a process that is not ready says why with 503, and is alive all the same', async () => {
  await using ops = await start({ ready: () => Promise.resolve('the schema is old') })
  expect(await get(ops.port, '/readyz')).toMatchObject({ status: 503, text: 'the schema is old\n' })
  expect(await get(ops.port, '/livez')).toMatchObject({ status: 200, text: 'ok\n' })
})

test('a probe that throws is answered with 500 and ends nothing', async () => {
  await using ops = await start({ ready: () => Promise.reject(new Error('lost')) })
  expect(await get(ops.port, '/readyz')).toMatchObject({ status: 500 })
  expect(await get(ops.port, '/readyz?again')).toMatchObject({ status: 500 })
  expect(await get(ops.port, '/elsewhere')).toMatchObject({ status: 404 })
})

test('a port that is taken is refused with the system error', async () => {
  await using stack = new AsyncDisposableStack()
  const other = stack.adopt(createServer(), (server) => void server.close())
  const port = await listen(other, 0, '127.0.0.1')
  await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port })
})
