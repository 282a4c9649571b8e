/**
 * What the product is measured against: the same answers by Express and a pg pool, and nothing else. No tenants, no
 * authentication, no row-level security, no validation, no history.
 */
/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 hands rejections to its error handler */
import { randomUUID } from 'node:crypto'

import express from 'express'
import { Pool } from 'pg'

import type { Server } from 'node:http'

/** Made in the database of the product, so that both use the same Postgres. */
export const bareSchema: readonly string[] = [
  'create schema bare',
  'create table bare.users (id uuid primary key, user_name text not null unique, data jsonb not null)',
  'create table bare.groups (id uuid primary key, version bigint not null)',
  `create table bare.members (
    group_id uuid not null references bare.groups on delete cascade,
    member_id uuid not null references bare.users on delete cascade,
    primary key (group_id, member_id)
  )`,
]

export interface BareOptions {
  readonly databaseUrl: string
  readonly poolSize: number
}

/** Listens on a free port of loopback. */
export const startBare = async ({ databaseUrl, poolSize }: BareOptions): Promise<number> => {
  const pool = new Pool({ connectionString: databaseUrl, max: poolSize })
  pool.on('error', () => undefined)
  const app = express().disable('x-powered-by').disable('etag')
  app.use(express.json({ type: 'application/scim+json', limit: '10mb' }))

  app.get('/Users/:id', async (request, response) => {
    const { rows } = await pool.query<{ data: string }>({
      name: 'read',
      text: 'select data::text as data from bare.users where id = $1',
      values: [request.params.id],
    })
    response.type('application/scim+json').send(rows[0]?.data)
  })

  app.get('/Users', async (request, response) => {
    const { filter } = request.query
    const name = typeof filter === 'string' ? /"(.*)"/.exec(filter)?.[1]?.toLowerCase() : undefined
    const { rows } = await pool.query<{ data: string }>({
      name: 'find',
      text: 'select data::text as data from bare.users where user_name = $1',
      values: [name],
    })
    const resources = rows.map(({ data }) => data).join(',')
    response
      .type('application/scim+json')
      .send(
        `{"totalResults":${rows.length},"startIndex":1,"itemsPerPage":${rows.length},"Resources":[${resources}]}`,
      )
  })

  app.post('/Users', async (request, response) => {
    const id = randomUUID()
    const now = new Date().toISOString()
    const meta = {
      resourceType: 'User',
      created: now,
      lastModified: now,
      location: `/Users/${id}`,
      version: 'W/"1"',
    }
    const data = JSON.stringify({ ...request.body, id, meta })
    await pool.query({
      name: 'create',
      text: 'insert into bare.users (id, user_name, data) values ($1, $2, $3)',
      values: [id, request.body.userName, data],
    })
    response.status(201).location(meta.location).type('application/scim+json').send(data)
  })

  app.patch('/Groups/:id', async (request, response) => {
    const members = request.body.Operations[0].value.map((member: { value: string }) => member.value)
    await pool.query({
      name: 'add members',
      text: `with added as (
          insert into bare.members (group_id, member_id) select $1, unnest($2::uuid[]) on conflict do nothing
        )
        update bare.groups set version = version + 1 where id = $1`,
      values: [request.params.id, members],
    })
    response.status(204).end()
  })

  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
