/** The harness itself: an API server of a test's own can go down, come back and fall silent, and outlives nobody. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { startApiServer, type ClusterAccess } from './api-server.ts'
import { apiAgent, ask } from './ask.ts'
import { runKubectl } from './kubectl.ts'

/** Generous: a start takes up to 20 s where others use the machine as well. */
const patience = { timeout: 60_000, interval: 200 }

/** Status of its readiness, on a connection of its own. */
async function readiness(server: ClusterAccess, waitMs: number): Promise<number> {
  const agent = apiAgent(server)
  try {
    const signal = AbortSignal.timeout(waitMs)
    return (await ask(server, agent, { method: 'GET', path: '/readyz', signal })).status
  } finally {
    await agent.destroy()
  }
}

test('an API server that was killed and started again has every object that it had', async () => {
  await using server = await startApiServer()
  await runKubectl(['create', 'configmap', 'kept'], server)
  await server.stop()
  await expect(readiness(server, 30_000)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await server.start()
  expect(await runKubectl(['get', 'configmaps', '--output=name'], server)).toContain('configmap/kept')
})

test('a paused API server answers nobody, and everybody once it goes on', async () => {
  await using server = await startApiServer()
  server.pause()
  await expect(readiness(server, 1000)).rejects.toMatchObject({ name: expect.stringContaining('Timeout') })
  server.resume()
  await vi.waitFor(async () => expect(await readiness(server, 5000)).toBe(200), patience)
})

test('two API servers at once know nothing of each other', async () => {
  await using one = await startApiServer()
  await using other = await startApiServer()
  await runKubectl(['create', 'namespace', 'acme'], one)
  await expect(runKubectl(['get', 'namespace', 'acme'], other)).rejects.toThrow('NotFound')
  await expect(readiness({ ...one, token: other.token }, 30_000)).resolves.toBe(401)
})

const starter = `
  const { startApiServer } = await import('#test/kube/api-server.ts')
  const { kubeconfig, server, token, ca } = await startApiServer()
  console.log(JSON.stringify({ kubeconfig, server, token, ca }))
`

test('an API server ends and leaves nothing behind when whoever started it is killed', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', starter], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value: line } = await lines.next()
  const started = z
    .object({ kubeconfig: z.string(), server: z.string(), token: z.string(), ca: z.string() })
    .parse(JSON.parse(line ?? ''))
  expect(await readiness(started, 30_000)).toBe(200)
  child.kill('SIGKILL')
  await exited
  await vi.waitFor(async () => {
    await expect(access(path.dirname(started.kubeconfig))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(readiness(started, 5000)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  }, patience)
})
