import { once } from 'node:events'
import { connect } from 'node:net'

import { expect, test } from 'vitest'

import { cloneDatabase } from '#test/kit/postgres.ts'
import { aUser } from '#test/kit/scim-bodies.ts'
import { sendTo, startScim } from '#test/kit/server.ts'

/** Sends the head of a POST and keeps its body back; returns once the server asks for that. */
const slowPost = async (port: number, path: string, token: string, body: string) => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
  )
  await once(socket, 'data')
  expect(answer).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  answer = ''
  return {
    finish: async () => {
      socket.write(body)
      await once(socket, 'close')
      return answer
    },
    closed: () => once(socket, 'close'),
  }
}

test('a stop takes no new connections, lets requests under way finish, and sends their clients elsewhere', async () => {
  await using db = await cloneDatabase()
  await using server = await startScim(db)
  const tenant = await server.newTenant()
  const path = new URL(`${tenant.baseURL}/Users`).pathname
  const request = await slowPost(
    server.scimPort,
    path,
    tenant.token,
    JSON.stringify(aUser('late@example.com')),
  )
  const stopped = server[Symbol.asyncDispose]()
  await expect
    .poll(() =>
      tenant.get('/Users').then(
        () => 'answered',
        (error: NodeJS.ErrnoException) => error.code,
      ),
    )
    .toBe('ECONNREFUSED')
  const answer = await request.finish()
  expect(answer).toMatch(/^HTTP\/1.1 201 Created\r\n/)
  expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n')
  await stopped
})

test('a request that never ends does not hold up a stop for longer than the limit', async () => {
  await using db = await cloneDatabase()
  const stopping = async (drainLimitMs: number) => {
    const server = await startScim(db, { drainLimitMs })
    const tenant = await server.newTenant()
    const path = new URL(`${tenant.baseURL}/Users`).pathname
    const request = await slowPost(server.scimPort, path, tenant.token, '{}')
    return { closed: request.closed(), stopped: server[Symbol.asyncDispose](), finish: request.finish }
  }
  const patient = await stopping(600_000)
  let isPatientDone = false
  const done = patient.stopped.then(() => (isPatientDone = true))
  const hasty = await stopping(300)
  await Promise.all([hasty.stopped, hasty.closed])
  expect(isPatientDone).toBe(false)
  expect(await patient.finish()).toMatch(/^HTTP\/1.1 400 /)
  await done
})

test('the signal of the process begins the stop', async () => {
  await using db = await cloneDatabase()
  const stop = new AbortController()
  await using server = await startScim(db, { signal: stop.signal })
  const tenant = await server.newTenant()
  expect((await tenant.get('/Users')).status).toBe(200)
  stop.abort()
  await expect(sendTo(`${tenant.baseURL}/Users`, 'GET')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('an occupied port is the system error that says so', async () => {
  await using db = await cloneDatabase()
  await using server = await startScim(db)
  await expect(startScim(db, { scimPort: server.scimPort })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await expect(startScim(db, { directoryPort: server.scimPort })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
})
