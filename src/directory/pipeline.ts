/**
 * A few shared connections with many point reads in flight on each (1.2 to 1.4 times the throughput of a pool
 * without row-level security, where a transaction per read on a pool reaches 0.2).
 *
 * Cancelling would hit whatever runs on the shared connection, so only indexed one-statement reads belong here.
 */

import { Client, type ClientConfig } from 'pg'
import { pointReadLimitMs } from './connection.ts'
import { newPrepared, SharedRead, type Done, type Prepared } from './shared-read.ts'
import { statementNames, type Statement } from './statement.ts'
import { databaseError } from './unavailable.ts'

export interface Pipelines extends AsyncDisposable {
  /** Reads under the tenant setting `setting`, which the connection has by then, or is sent right before. */
  read<Row>(setting: string, statement: Statement): Promise<Row[]>
}

interface Pipeline {
  session: Session | undefined
  /** The connection that is being opened; rejects when it could not be. */
  opening: Promise<Session> | undefined
  inFlight: number
  failures: number
  /** Not before this moment (ms) is another connection tried; until then reads fail with the last error. */
  retryAt: number
  lastError: unknown
}

/** A connection, and what it has when everything that was sent to it has been done. */
interface Session {
  readonly client: Client
  /** By name. */
  readonly prepared: Map<string, Prepared>
  setting: Setting | undefined
}

/** A tenant setting that was sent. When it failed, so do the reads behind it, which ran under another one. */
interface Setting {
  readonly tenant: string
  error: unknown
}

const setTenant = { name: 'set_tenant', text: "select set_config('scim.tenant', $1, false)" }
const preparedStatementLimit = 256
/**
 * A plan that was made while the tables were small stays until Postgres looks at their size again; reading a table
 * as a whole would stay with it (a group of 10,000 members: a minute instead of 70 ms).
 */
const pointReadSettings = '-c enable_seqscan=off'
const firstRetryMs = 50
const longestRetryMs = 2_000

export function openPipelines(
  config: ClientConfig,
  count: number,
  onError: (error: unknown) => void,
): Pipelines {
  const pipelines = Array.from({ length: count }, newPipeline)
  const nameOf = statementNames(preparedStatementLimit)
  let isClosed = false

  const read = async <Row>(tenant: string, statement: Statement): Promise<Row[]> => {
    if (isClosed) throw new Error('The directory is closed')
    const pipeline = leastBusy(pipelines, tenant)
    pipeline.inFlight += 1
    try {
      const session = pipeline.session ?? (await connected(pipeline, config, onError))
      const name = statement.name ?? nameOf(statement.text)
      return await readOn<Row>(session, tenant, { ...statement, ...(name !== undefined && { name }) })
    } catch (error) {
      throw databaseError(error)
    } finally {
      pipeline.inFlight -= 1
    }
  }

  return {
    read,
    async [Symbol.asyncDispose]() {
      isClosed = true
      await Promise.allSettled(
        pipelines.map(async (pipeline) => {
          const session = pipeline.session ?? (await pipeline.opening)
          // No longer the pipeline's: its end is no loss.
          pipeline.session = undefined
          await session?.client.end()
        }),
      )
    },
  }
}

function newPipeline(): Pipeline {
  return {
    session: undefined,
    opening: undefined,
    inFlight: 0,
    failures: 0,
    retryAt: 0,
    lastError: undefined,
  }
}

/**
 * The connected one with the fewest reads in flight, of those best one that has the tenant set; one that is not
 * connected only when none is, or all are busy.
 */
function leastBusy(pipelines: readonly Pipeline[], tenant: string): Pipeline {
  const load = (pipeline: Pipeline): number => {
    const { session, inFlight } = pipeline
    if (session !== undefined) return inFlight + (session.setting?.tenant === tenant ? 0 : 0.25)
    return inFlight + (refusesReads(pipeline) ? 1e6 : 0.5)
  }
  return pipelines.reduce((best, pipeline) => (load(pipeline) < load(best) ? pipeline : best))
}

/**
 * After a failure no other connection is tried at once, and then one read waits for what comes of it: of a server
 * that does not even refuse, all others hear the last error at once.
 */
const refusesReads = ({ failures, opening, retryAt }: Pipeline): boolean =>
  failures > 0 && (opening !== undefined || performance.now() < retryAt)

/** The connection of a pipeline, opened now if it has none. */
function connected(
  pipeline: Pipeline,
  config: ClientConfig,
  onError: (error: unknown) => void,
): Promise<Session> {
  if (refusesReads(pipeline)) return Promise.reject(pipeline.lastError)
  if (pipeline.opening !== undefined) return pipeline.opening
  pipeline.opening = open(pipeline, config, onError).finally(() => {
    pipeline.opening = undefined
  })
  return pipeline.opening
}

async function open(
  pipeline: Pipeline,
  config: ClientConfig,
  onError: (error: unknown) => void,
): Promise<Session> {
  // A read that takes longer makes `pg` give up the connection, and with it all that wait on it.
  const client = new Client({ ...config, options: pointReadSettings, query_timeout: pointReadLimitMs })
  const lost = (error: unknown): void => {
    if (pipeline.session?.client !== client) return
    pipeline.session = undefined
    onError(error)
  }
  client.on('error', lost)
  client.on('end', () => lost(new Error('A shared connection was closed')))
  try {
    await client.connect()
  } catch (error) {
    pipeline.failures += 1
    pipeline.retryAt =
      performance.now() + Math.min(longestRetryMs, firstRetryMs * 2 ** (pipeline.failures - 1))
    pipeline.lastError = error
    throw error
  }
  pipeline.session = { client, prepared: new Map(), setting: undefined }
  pipeline.failures = 0
  return pipeline.session
}

/**
 * Sends the read, and before it, in the same tick, the setting if the session does not have it: no other read comes
 * between them. Answers arrive in order. The setting is a transaction of its own, so a read that fails leaves it.
 */
function readOn<Row>(session: Session, tenant: string, statement: Statement): Promise<Row[]> {
  if (session.setting?.tenant !== tenant) session.setting = send(session, tenant)
  const { setting } = session
  return new Promise((resolve, reject) => {
    session.client.query(
      newRead<Row>(session, statement, (error, rows) => {
        const failure = setting.error ?? error ?? undefined
        if (failure === undefined) resolve(rows)
        else reject(failure)
      }),
    )
  })
}

function send(session: Session, tenant: string): Setting {
  const setting: Setting = { tenant, error: undefined }
  session.client.query(
    newRead(session, { ...setTenant, values: [tenant] }, (error) => {
      if (error === undefined || error === null) return
      setting.error = error
      // Reads from now on send it again.
      if (session.setting === setting) session.setting = undefined
    }),
  )
  return setting
}

/** Of a statement without a name the connection never knows anything. */
function newRead<Row>(
  { client, prepared }: Session,
  { name, text, values }: Statement,
  done: Done<Row>,
): SharedRead<Row> {
  let known = name === undefined ? undefined : prepared.get(name)
  if (known === undefined) {
    known = newPrepared(text, name)
    if (name !== undefined) prepared.set(name, known)
  }
  return new SharedRead(known, { values, types: client }, done)
}
