import { createServer } from 'node:http'
import { Agent, request } from 'node:http'
import express from 'express'
import pg from 'pg'
import { test } from 'vitest'
import { cloneDatabase } from '#test/kit/postgres.ts'
import { startScim } from '#test/kit/server.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 32 })
const get = (url: string, token: string) =>
  new Promise<number>((resolve, reject) => {
    const u = new URL(url)
    const r = request(
      {
        host: u.hostname,
        port: u.port,
        path: u.pathname + u.search,
        agent,
        headers: { authorization: `Bearer ${token}` },
      },
      (res) => {
        res.resume()
        res.on('end', () => resolve(res.statusCode!))
      },
    )
    r.on('error', reject)
    r.end()
  })
const run = async (name: string, url: string, token: string, n: number) => {
  let left = n
  const t = performance.now()
  let bad = 0
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (left-- > 0) if ((await get(url, token)) !== 200) bad++
    }),
  )
  const rps = Math.round(n / ((performance.now() - t) / 1000))
  console.log(name, rps, 'bad', bad)
  return rps
}

test('bench', { timeout: 120000 }, async () => {
  await using db = await cloneDatabase()
  await using server = await startScim(db, {})
  const tenant = await server.newTenant()
  const id = await tenant.create('/Users', {
    userName: 'a@b.c',
    name: { givenName: 'A', familyName: 'B' },
    emails: [{ value: 'a@b.c', type: 'work', primary: true }],
    title: 'Engineer',
    active: true,
    displayName: 'A B',
    externalId: 'x',
  })
  const pool = new pg.Pool({ connectionString: db.adminUrl, max: 10 })
  const app = express()
  app.get('/Users/:id', async (req, res) => {
    const { rows } = await pool.query({
      name: 'q',
      text: 'select data from resource where tenant_id = $1 and id = $2',
      values: [tenant.id, req.params['id']],
    })
    res.json(rows[0].data)
  })
  const bare = createServer(app)
  await new Promise<void>((r) => bare.listen(0, '127.0.0.1', () => r()))
  const port = (bare.address() as any).port
  for (let i = 0; i < 3; i++) {
    const b = await run('bare', `http://127.0.0.1:${port}/Users/${id}`, 'x', 6000)
    const o = await run('ours get', `${tenant.baseURL}/Users/${id}`, tenant.token, 6000)
    const f = await run(
      'ours eq',
      `${tenant.baseURL}/Users?filter=userName%20eq%20%22a@b.c%22`,
      tenant.token,
      6000,
    )
    console.log('ratio', (o / b).toFixed(2), (f / b).toFixed(2))
  }
  bare.close()
  await pool.end()
})
