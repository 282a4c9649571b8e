/** The SCIM application: the order in which a request is understood, on one screen. */

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Express } from 'express'

import { ScimError } from '#scim/errors.ts'

import type { Answer } from './answer.ts'
import { bareExpress } from './bare-express.ts'
import { callOf } from './call.ts'
import { beginExchange } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { answerTypeFor, plainJson } from './media-type.ts'
import type { AnswerType } from './media-type.ts'
import type { ServerParts } from './parts.ts'
import { logRefusal, refusalAnswer, reply, replyInPieces } from './reply.ts'
import { routeOf } from './routes.ts'
import type { Route } from './routes.ts'
import type { Site } from './tenant-of-request.ts'

export const createScimApp = (server: ServerParts): Express => {
  const app = bareExpress()
  app.use((request, response) => serve(server, request, response))
  return app
}

/** The one place that catches: whatever happens, the client gets an answer, and the log and the metrics know. */
const serve = async (
  server: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const exchange = beginExchange(request, response)
  const outcome = { contentType: answerTypeFor(request.headers.accept) }
  const answer = await understand(server, request, exchange, outcome).catch((error: unknown) =>
    refusalAnswer(error, exchange.requestId),
  )
  const options = { ...outcome, isClosing: server.closing.aborted }
  const { stream } = answer
  if (stream === undefined) {
    reply(response, exchange, answer, options)
    account(server, exchange, answer, exchange.isGone())
    return
  }
  const cutOff = await replyInPieces(response, exchange, { ...answer, stream }, options)
  account(server, exchange, cutOff ?? answer, cutOff === undefined && exchange.isGone())
}

const understand = async (
  server: ServerParts,
  request: IncomingMessage,
  exchange: Exchange,
  outcome: { contentType: AnswerType },
): Promise<Answer> => {
  const { site, path } = await server.tenants.find(request.headers.host, exchange.path)
  exchange.tenant = site.tenant.slug
  if (site.tenant.settings.compatibility.contentType === 'JSON') outcome.contentType = plainJson
  const route = routeOf(path, exchange.method)
  exchange.route = route.name
  await admit(server, request, exchange, { site, route })
  return route.handle(callOf({ server, request, exchange, site }))
}

/** Who asks comes first: without a token of this tenant nothing is said about it, not even that it is disabled. */
const admit = async (
  server: ServerParts,
  request: IncomingMessage,
  exchange: Exchange,
  { site: { tenant }, route }: { site: Site; route: Route },
): Promise<void> => {
  if (!route.isPublic) {
    const token = await server.authenticator.provisioner(tenant.id, request.headers.authorization)
    exchange.tokenId = token.id
    server.tokenUse.note(tenant.id, token.id, server.now())
  }
  if (tenant.state === 'Disabled') throw new ScimError(403, 'This integration is disabled.')
  // Those without a token share a quota of their own, so that they cannot use up the tenant's.
  const { limits } = tenant.settings
  await server.rateLimit(route.isPublic ? `${tenant.id}/public` : tenant.id, limits)
}

/** HTTP has no code for it; proxies log 499 for a client that went away. */
const clientGone = 499

const account = (server: ServerParts, exchange: Exchange, answer: Answer, isGone: boolean): void => {
  if (answer.refusal !== undefined && !isGone) logRefusal(server.log, exchange, answer.refusal)
  server.metrics.recordRequest({
    tenant: exchange.tenant,
    type: exchange.route,
    method: exchange.method,
    code: isGone ? clientGone : answer.status,
    seconds: (performance.now() - exchange.startedMs) / 1000,
    atSeconds: server.now() / 1000,
  })
}
