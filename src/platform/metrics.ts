/**
 * Every metric of the product; those of the operator stand in a file of their own. Each process makes one set on its own
 * registry. Metrics with a tenant label are fed through functions, so that no caller can forget the bound on how many
 * tenants are named.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

import { boundedLabel } from './bounded-label.ts'
import { operatorMetrics } from './operator-metrics.ts'

/** Latencies of requests and statements: 1 ms to 10 s. */
const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** From a committed change to its assignments: 10 ms to 10 min. */
const lagSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]

/** In ms. With the 10 of prom-client a process at rest spends most of its CPU on looking how late it is. */
const eventLoopMonitoringPrecision = 50

export interface MetricsOptions {
  /** How many tenants get a label of their own; all others share `other`. */
  readonly tenantLabelLimit?: number
  /** Event loop, memory and garbage collection of this process as well; true unless told. */
  readonly ofProcess?: boolean
}

/** One answered SCIM request. `tenant` is the slug, or undefined if the request found no tenant. */
export interface RequestFacts {
  readonly tenant: string | undefined
  /** Resource type (`User`), or the endpoint's name where there is none (`Schemas`). Bounded by the product. */
  readonly type: string
  readonly method: string
  readonly code: number
  readonly seconds: number
  /** When it was answered, seconds since 1970. */
  readonly atSeconds: number
}

/** One answered request of the Directory API. `route` is the pattern (`/v1/users`), never the path. */
export interface DirectoryRequestFacts {
  readonly tenant: string | undefined
  readonly route: string
  readonly code: number
  readonly seconds: number
}

export type Metrics = ReturnType<typeof createMetrics>

/** Makes the whole set on a registry of its own. */
export const createMetrics = (options: MetricsOptions = {}) => {
  const registry = new Registry()
  const on = { registers: [registry] }
  const { tenantLabelLimit = 200 } = options
  if (options.ofProcess ?? true) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision })
  return {
    registry,
    tenantLabelLimit,
    ...httpMetrics(on, tenantLabelLimit),
    ...workMetrics(on),
    ...operatorMetrics(on),
  }
}

interface Where {
  readonly registers: Registry[]
}

/** SCIM and the Directory API: what identity providers and applications see. */
const httpMetrics = (on: Where, tenantLabelLimit: number) => {
  const tenants = boundedLabel(tenantLabelLimit)
  const requests = new Counter({
    ...on,
    name: 'scim_requests_total',
    help: 'SCIM requests answered.',
    labelNames: ['tenant', 'type', 'method', 'code'],
  })
  const requestDuration = new Histogram({
    ...on,
    name: 'scim_request_duration_seconds',
    help: 'Time from the first byte of a SCIM request to its answer.',
    labelNames: ['type', 'method'],
    buckets: requestSeconds,
  })
  const dialects = new Counter({
    ...on,
    name: 'scim_dialect_total',
    help: 'Requests that used a named deviation of an identity provider from the RFC.',
    labelNames: ['tenant', 'dialect'],
  })
  const lastRequest = new Gauge({
    ...on,
    name: 'scim_last_request_timestamp_seconds',
    help: 'When the tenant last sent a SCIM request; silence is now minus this.',
    labelNames: ['tenant'],
  })
  const directoryRequests = new Counter({
    ...on,
    name: 'scim_directory_requests_total',
    help: 'Directory API requests answered.',
    labelNames: ['tenant', 'route', 'code'],
  })
  const directoryRequestDuration = new Histogram({
    ...on,
    name: 'scim_directory_request_duration_seconds',
    help: 'Time from the first byte of a Directory API request to its answer.',
    labelNames: ['route'],
    buckets: requestSeconds,
  })
  return {
    recordRequest(facts: RequestFacts): void {
      const tenant = tenants(facts.tenant)
      requests.inc({ tenant, type: facts.type, method: facts.method, code: String(facts.code) })
      requestDuration.observe({ type: facts.type, method: facts.method }, facts.seconds)
      if (facts.tenant !== undefined) lastRequest.set({ tenant }, facts.atSeconds)
    },
    recordDialect(tenant: string, dialect: string): void {
      dialects.inc({ tenant: tenants(tenant), dialect })
    },
    recordDirectoryRequest(facts: DirectoryRequestFacts): void {
      directoryRequests.inc({ tenant: tenants(facts.tenant), route: facts.route, code: String(facts.code) })
      directoryRequestDuration.observe({ route: facts.route }, facts.seconds)
    },
  }
}

/** The worker: from a change to its assignments. */
const workMetrics = (on: Where) => ({
  assignmentLag: new Histogram({
    ...on,
    name: 'scim_assignment_lag_seconds',
    help: 'Age of the oldest change of a batch when its assignments were committed.',
    buckets: lagSeconds,
  }),
  evaluatedUsers: new Counter({
    ...on,
    name: 'scim_assignment_evaluated_users_total',
    help: 'Users evaluated against the policies of their tenant.',
  }),
  assignmentChanges: new Counter({
    ...on,
    name: 'scim_assignment_changes_total',
    help: 'Assignments granted and revoked.',
    labelNames: ['change'],
  }),
  pendingTenants: new Gauge({
    ...on,
    name: 'scim_assignment_pending_tenants',
    help: 'Tenants with changes that wait for their evaluation.',
  }),
  jobs: new Counter({
    ...on,
    name: 'scim_jobs_total',
    help: 'Jobs finished, by outcome.',
    labelNames: ['task', 'result'],
  }),
  jobDuration: new Histogram({
    ...on,
    name: 'scim_job_duration_seconds',
    help: 'Time a job ran.',
    labelNames: ['task'],
    buckets: lagSeconds,
  }),
})
