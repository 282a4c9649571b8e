import { once } from 'node:events'
import { connect } from 'node:net'

import { expect, test } from 'vitest'

import { useServer } from '#test/kit/use-server.ts'

const used = useServer()

/** What comes back for these bytes, until the server closes the connection. */
const exchange = async (port: number, bytes: string): Promise<{ head: string; body: string }> => {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.write(bytes)
  await once(socket, 'close')
  const [head = '', body = ''] = text.split('\r\n\r\n')
  return { head, body }
}

test.for([
  ['no HTTP at all', 'HELLO\r\n\r\n', 400],
  ['a method that does not exist', 'FETCH /Users HTTP/1.1\r\nhost: x\r\n\r\n', 400],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
  ['headers without end', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 431],
] as const)(
  '%s is refused with a SCIM body on one port and a problem on the other',
  async ([, bytes, status]) => {
    const scim = await exchange(used.server.scimPort, bytes)
    expect(scim.head).toContain(`HTTP/1.1 ${status} `)
    expect(scim.head).toContain('content-type: application/scim+json')
    expect(JSON.parse(scim.body)).toMatchObject({ status: String(status) })
    const requestId = /^x-request-id: ([\w-]{36})\r?$/m.exec(scim.head)?.[1]
    expect(used.server.log).toContainEqual(
      expect.objectContaining({ requestId, status, msg: 'request refused' }),
    )
    const problem = await exchange(used.server.directoryPort, bytes)
    expect(problem.head).toContain('content-type: application/problem+json')
    expect(JSON.parse(problem.body)).toMatchObject({ status })
  },
)

test('the longest filter that is read is read in a URL too, though each character takes nine bytes there', async () => {
  const filter = `title eq "${'語'.repeat(4096 - 'title eq ""'.length)}"`
  const reply = await used.tenant.get(`/Users?filter=${encodeURIComponent(filter)}`)
  expect(reply).toMatchObject({ status: 200, body: { totalResults: 0 } })
})

test('a request without Host, or with an Expect that nobody knows, gets a SCIM body', async () => {
  const path = new URL(`${used.tenant.baseURL}/Users`).pathname
  const head = `connection: close\r\nauthorization: Bearer ${used.tenant.token}\r\n`
  const withoutHost = await exchange(used.server.scimPort, `GET ${path} HTTP/1.1\r\n${head}\r\n`)
  expect(JSON.parse(withoutHost.body)).toHaveProperty('Resources')
  const expecting = await exchange(
    used.server.scimPort,
    `GET ${path} HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\n${head}\r\n`,
  )
  expect(JSON.parse(expecting.body)).toHaveProperty('Resources')
})

test('the absolute form of a request target is understood', async () => {
  const path = new URL(`${used.tenant.baseURL}/Users`).pathname
  const { head } = await exchange(
    used.server.scimPort,
    `GET http://proxy.example${path}?count=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${used.tenant.token}\r\n\r\n`,
  )
  expect(head).toContain('HTTP/1.1 200 OK')
})

test('a client that goes away in the middle of its body is no error of ours', async () => {
  const path = new URL(`${used.tenant.baseURL}/Users`).pathname
  const socket = connect(used.server.scimPort, '127.0.0.1')
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${used.tenant.token}\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n{"user`,
  )
  await once(socket, 'data')
  socket.destroy()
  await expect
    .poll(async () => (await used.server.metrics.registry.metrics()).includes('method="POST",code="499"'))
    .toBe(true)
  expect(used.server.log.filter(({ level }) => level === 'error')).toEqual([])
})
