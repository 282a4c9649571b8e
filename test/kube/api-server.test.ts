/** The harness itself: an API server of a test's own can go down, come back and fall silent. */

import { expect, test, vi } from 'vitest'
import { startApiServer, type ApiServer } from './api-server.ts'
import { runKubectl } from './kubectl.ts'

/** Generous: a start takes up to 20 s where others use the machine as well. */
const patience = { timeout: 120_000, interval: 200 }

const namesOf = (server: ApiServer, ...args: readonly string[]) =>
  runKubectl(['get', 'configmaps', '--output=name', ...args], server)

test('an API server that was killed and started again has every object that it had', async () => {
  await using server = await startApiServer()
  await runKubectl(['create', 'configmap', 'kept'], server)
  await server.stop()
  await expect(namesOf(server)).rejects.toThrow('refused')
  await server.start()
  expect(await namesOf(server)).toContain('configmap/kept')
})

test('a paused API server answers nobody, and everybody once it goes on', async () => {
  await using server = await startApiServer()
  server.pause()
  await expect(namesOf(server, '--request-timeout=2s')).rejects.toThrow(/./)
  server.resume()
  await vi.waitFor(() => namesOf(server), patience)
})
