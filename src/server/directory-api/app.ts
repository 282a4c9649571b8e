/** The Directory API as an application: who asks, what for, and the answer; refusals are problem details. */

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Express } from 'express'

import { ScimError } from '#scim/errors.ts'
import { jsonAnswer } from '#server/answer.ts'
import type { Answer } from '#server/answer.ts'
import { bareExpress } from '#server/bare-express.ts'
import { beginExchange } from '#server/exchange.ts'
import type { Exchange } from '#server/exchange.ts'
import { plainJson } from '#server/media-type.ts'
import type { ServerParts } from '#server/parts.ts'
import { parseQuery } from '#server/query.ts'
import { Refusal } from '#server/refusal.ts'
import { logRefusal, reply } from '#server/reply.ts'

import { assignments } from './assignments.ts'
import type { Endpoint } from './endpoint.ts'
import { explanation } from './explain.ts'
import { groups } from './groups.ts'
import { openApiText } from './openapi.ts'
import { problemAnswer, problemType } from './problem.ts'
import { users } from './users.ts'

const endpoints: readonly Endpoint[] = [users, groups, assignments, explanation]
const byPath: ReadonlyMap<string, Endpoint> = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]))
const descriptionPath = '/openapi.json'

export const createDirectoryApp = (server: ServerParts): Express => {
  const description = openApiText(endpoints)
  const app = bareExpress()
  app.use((request, response) => serve(server, request, response, description))
  return app
}

const serve = async (
  server: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
  description: string,
): Promise<void> => {
  const exchange = beginExchange(request, response)
  const answer = await understand(server, request, exchange, description).catch((error: unknown) =>
    problemAnswer(error, exchange.requestId),
  )
  reply(response, exchange, answer, {
    contentType: answer.refusal === undefined ? plainJson : problemType,
    isClosing: server.closing.aborted,
  })
  account(server, exchange, answer)
}

const understand = async (
  server: ServerParts,
  request: IncomingMessage,
  exchange: Exchange,
  description: string,
): Promise<Answer> => {
  const path = exchange.path.length > 1 ? exchange.path.replace(/\/+$/, '') : exchange.path
  // What may be asked is no secret; what is answered is.
  if (path === descriptionPath && isRead(exchange.method)) {
    exchange.route = descriptionPath
    return jsonAnswer(description)
  }
  const endpoint = byPath.get(path)
  exchange.route = endpoint?.path ?? 'unknown'
  const call = await admit(server, request, exchange)
  if (endpoint === undefined) throw new ScimError(404, `There is no such path; ${descriptionPath} lists all.`)
  if (!isRead(exchange.method))
    throw new Refusal(405, `${exchange.method} is not possible here.`, { headers: { allow: 'GET, HEAD' } })
  return jsonAnswer(JSON.stringify(await endpoint.ask(call, parseQuery(exchange.queryText))))
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'

const admit = async (server: ServerParts, request: IncomingMessage, exchange: Exchange) => {
  const token = await server.authenticator.reader(request.headers.authorization)
  exchange.tokenId = token.id
  const tenant = await server.tenants.byId(token.tenantId)
  exchange.tenant = tenant.slug
  server.tokenUse.note(tenant.id, token.id, server.now())
  if (tenant.state === 'Disabled') throw new ScimError(403, 'This integration is disabled.')
  // A quota of its own: readers do not slow the identity provider down.
  await server.rateLimit(`${tenant.id}/directory`, tenant.settings.limits)
  return {
    directory: server.directory,
    tenantId: tenant.id,
    cursors: server.cursors,
    signal: exchange.signal(),
  }
}

const account = (server: ServerParts, exchange: Exchange, answer: Answer): void => {
  if (answer.refusal !== undefined && !exchange.signal().aborted)
    logRefusal(server.log, exchange, answer.refusal)
  server.metrics.recordDirectoryRequest({
    tenant: exchange.tenant,
    route: exchange.route,
    code: exchange.signal().aborted ? 499 : answer.status,
    seconds: (performance.now() - exchange.startedMs) / 1000,
  })
}
