/** A request that has been let in, as the handlers see it: the only reader of what the client sent. */

import type { IncomingMessage } from 'node:http'

import type { Directory } from '#directory/database.ts'
import type { Actor } from '#directory/changes.ts'
import type { TenantRecord } from '#directory/tenants.ts'
import { ScimError } from '#scim/errors.ts'
import { parseIfMatch, preconditionHolds } from '#scim/etag.ts'
import type { Json } from '#scim/json.ts'

import { readJson } from './body.ts'
import type { Cursors } from './cursor.ts'
import type { Exchange } from './exchange.ts'
import { asRefusal } from './fault.ts'
import type { ServerParts } from './parts.ts'
import { parseQuery } from './query.ts'
import type { Query } from './query.ts'
import { logRefusal } from './reply.ts'
import type { Site } from './tenant-of-request.ts'

export interface Call {
  readonly directory: Directory
  readonly tenant: TenantRecord
  /** Public base URL without a slash at its end. */
  readonly baseURL: string
  readonly query: Query
  readonly cursors: Cursors
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Who writes, for the change rows. */
  readonly actor: Actor
  /** Aborts when the client goes away; made when it is first asked for. */
  signal(): AbortSignal
  /** The parsed JSON body; throws 400, 413, 415. */
  body(): Promise<Json>
  /** With `If-Match`: throws 412 for another version than it names; to be asked under the row's lock. */
  readonly precondition: ((version: number) => void) | undefined
  /** Whether `If-None-Match` says that the client has this version. */
  hasVersion(version: number): boolean
  /** Notes vendor dialects for the log line and the metrics. */
  note(dialects: Iterable<string>): void
  /** After a committed write: has the tenant's assignments evaluated soon. */
  changed(): void
  /** What an operation of a bulk request threw, as the refusal that its result shows; logged with `operation`. */
  refused(thrown: unknown, operation: string): ScimError
}

export interface CallParts {
  readonly server: ServerParts
  readonly request: IncomingMessage
  readonly exchange: Exchange
  readonly site: Site
}

export const callOf = ({ server, request, exchange, site }: CallParts): Call => {
  const { headers } = request
  const { tenant } = site
  return {
    directory: server.directory,
    tenant,
    baseURL: site.baseURL,
    query: parseQuery(exchange.queryText),
    cursors: server.cursors,
    now: server.now,
    actor: { actor: exchange.tokenId ?? 'anonymous', requestId: exchange.requestId },
    signal: () => exchange.signal(),
    body: () => readJson(request, tenant.settings.limits.maxPayloadBytes),
    precondition: preconditionOf(headers['if-match']),
    hasVersion(version) {
      const header = headers['if-none-match']
      return header !== undefined && preconditionHolds(parseIfMatch(header), version)
    },
    note(dialects) {
      for (const dialect of dialects) {
        exchange.dialects.add(dialect)
        server.metrics.recordDialect(tenant.slug, dialect)
      }
    },
    changed: () => server.evaluation.mark(tenant.id),
    refused(thrown, operation) {
      const refusal = asRefusal(thrown, exchange.requestId)
      logRefusal(server.log, exchange, refusal, operation)
      return refusal
    },
  }
}

/** The condition that an If-Match header sets. */
export const preconditionOf = (header: string | undefined): Call['precondition'] => {
  if (header === undefined) return undefined
  const tags = parseIfMatch(header)
  return (version) => {
    if (!preconditionHolds(tags, version))
      throw new ScimError(412, 'The resource has changed: its version is not the one in If-Match.')
  }
}
