/**
 * A few shared connections with many point reads in flight on each (1.2 to 1.4 times the throughput of a pool
 * without row-level security, where a transaction per read on a pool reaches 0.2).
 *
 * Cancelling would hit whatever runs on the shared connection, so only indexed one-statement reads belong here.
 */

import { Client, type ClientConfig, type QueryResult } from 'pg'
import { statementNames, type Statement } from './statement.ts'
import { databaseError } from './unavailable.ts'

export interface Pipelines extends AsyncDisposable {
  /** Reads under the tenant setting `setting`, sent right before the statement on the same connection. */
  read<Row>(setting: string, statement: Statement): Promise<Row[]>
}

interface Pipeline {
  client: Client | undefined
  /** The connection that is being opened; rejects when it could not be. */
  opening: Promise<Client> | undefined
  inFlight: number
  failures: number
  /** Not before this moment (ms) is another connection tried; until then reads fail with the last error. */
  retryAt: number
  lastError: unknown
}

const setTenant = "select set_config('scim.tenant', $1, false)"
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

  const read = async <Row>(setting: string, statement: Statement): Promise<Row[]> => {
    if (isClosed) throw new Error('The directory is closed')
    const pipeline = leastBusy(pipelines)
    pipeline.inFlight += 1
    try {
      const client = pipeline.client ?? (await connected(pipeline, config, onError))
      return await readOn(client, setting, { ...statement, ...named(statement, nameOf) })
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
          const client = pipeline.client ?? (await pipeline.opening)
          // No longer the pipeline's: its end is no loss.
          pipeline.client = undefined
          await client?.end()
        }),
      )
    },
  }
}

function newPipeline(): Pipeline {
  return { client: undefined, opening: undefined, inFlight: 0, failures: 0, retryAt: 0, lastError: undefined }
}

function named(statement: Statement, nameOf: (text: string) => string | undefined): { name?: string } {
  const name = statement.name ?? nameOf(statement.text)
  return name === undefined ? {} : { name }
}

/** The connected one with the fewest reads in flight; one that is not connected only when none is, or all are busy. */
function leastBusy(pipelines: readonly Pipeline[]): Pipeline {
  const load = (pipeline: Pipeline): number =>
    pipeline.inFlight +
    (pipeline.client === undefined ? (pipeline.retryAt > performance.now() ? 1e6 : 0.5) : 0)
  return pipelines.reduce((best, pipeline) => (load(pipeline) < load(best) ? pipeline : best))
}

/** The connection of a pipeline, opened now if it has none; after a failure not at once again. */
function connected(
  pipeline: Pipeline,
  config: ClientConfig,
  onError: (error: unknown) => void,
): Promise<Client> {
  if (pipeline.opening !== undefined) return pipeline.opening
  if (performance.now() < pipeline.retryAt) return Promise.reject(pipeline.lastError)
  pipeline.opening = open(pipeline, config, onError).finally(() => {
    pipeline.opening = undefined
  })
  return pipeline.opening
}

async function open(
  pipeline: Pipeline,
  config: ClientConfig,
  onError: (error: unknown) => void,
): Promise<Client> {
  const client = new Client({ ...config, options: pointReadSettings })
  const lost = (error: unknown): void => {
    if (pipeline.client !== client) return
    pipeline.client = undefined
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
  pipeline.client = client
  pipeline.failures = 0
  return client
}

/**
 * Sends the setting and the read in the same tick, so that no other read comes between them. Their answers arrive
 * in order; a setting that failed fails its read, which would otherwise have run under another tenant's setting.
 */
function readOn<Row>(client: Client, setting: string, statement: Statement): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    let settingError: Error | undefined
    client.query({ name: 'set_tenant', text: setTenant, values: [setting] }, (error: Error | undefined) => {
      settingError = error ?? undefined
    })
    client.query(
      { ...statement, values: [...statement.values] },
      (error: Error | undefined, result: QueryResult) => {
        const failure = settingError ?? error ?? undefined
        if (failure === undefined) resolve(result.rows)
        else reject(failure)
      },
    )
  })
}
