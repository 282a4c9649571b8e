/**
 * Every metric of the product, declared on one page. Each process makes one set on its own registry. Metrics with a
 * tenant label are fed through functions, so that no caller can forget the bound on how many tenants are named.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

import { boundedLabel } from './bounded-label.ts'

/** Latencies of requests and statements: 1 ms to 10 s. */
const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** From a committed change to its assignments: 10 ms to 10 min. */
const lagSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]
/** The shape of controller-runtime's histogram, 5 ms to 60 s. */
const reconcileSeconds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
  1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
]
/** The shape of client-go's work queue histograms, 10 ns to 1,000 s. */
const queueSeconds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000]

/** The shape of client-go's latency of requests to the API server, 5 ms to 60 s. */
const restSeconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

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
  if (options.ofProcess ?? true) collectDefaultMetrics({ register: registry })
  return {
    registry,
    ...httpMetrics(on, options.tenantLabelLimit ?? 200),
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

/** The operator, by the names that dashboards of controller-runtime expect, and what it knows of integrations. */
const operatorMetrics = (on: Where) => ({
  reconcileTotal: new Counter({
    ...on,
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciliations per controller and result (success, error, requeue, requeue_after).',
    labelNames: ['controller', 'result'],
  }),
  reconcileErrors: new Counter({
    ...on,
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciliations that failed.',
    labelNames: ['controller'],
  }),
  reconcileTime: new Histogram({
    ...on,
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Time per reconciliation.',
    labelNames: ['controller'],
    buckets: reconcileSeconds,
  }),
  workqueueDepth: new Gauge({
    ...on,
    name: 'workqueue_depth',
    help: 'Keys that wait in the work queue.',
    labelNames: ['name', 'controller'],
  }),
  workqueueAdds: new Counter({
    ...on,
    name: 'workqueue_adds_total',
    help: 'Keys put into the work queue.',
    labelNames: ['name', 'controller'],
  }),
  workqueueRetries: new Counter({
    ...on,
    name: 'workqueue_retries_total',
    help: 'Keys put back after a failure.',
    labelNames: ['name', 'controller'],
  }),
  workqueueQueueDuration: new Histogram({
    ...on,
    name: 'workqueue_queue_duration_seconds',
    help: 'Time a key waited before it was worked on.',
    labelNames: ['name', 'controller'],
    buckets: queueSeconds,
  }),
  workqueueWorkDuration: new Histogram({
    ...on,
    name: 'workqueue_work_duration_seconds',
    help: 'Time a key was worked on.',
    labelNames: ['name', 'controller'],
    buckets: queueSeconds,
  }),
  restRequests: new Counter({
    ...on,
    name: 'rest_client_requests_total',
    help: 'Requests to the Kubernetes API, by status code or <error>.',
    labelNames: ['code', 'method', 'host'],
  }),
  restRequestDuration: new Histogram({
    ...on,
    name: 'rest_client_request_duration_seconds',
    help: 'Time until the Kubernetes API began its answer.',
    labelNames: ['verb', 'host'],
    buckets: restSeconds,
  }),
  driftCorrections: new Counter({
    ...on,
    name: 'scim_operator_drift_corrections_total',
    help: 'Children and rows put back as the spec says after someone else changed them.',
    labelNames: ['kind'],
  }),
  watchRestarts: new Counter({
    ...on,
    name: 'scim_operator_watch_restarts_total',
    help: 'Watches started again, by cause.',
    labelNames: ['reason'],
  }),
  leaderStatus: new Gauge({
    ...on,
    name: 'leader_election_master_status',
    help: '1 while this process holds the Lease of that name, 0 while it waits for it.',
    labelNames: ['name'],
  }),
  leaderSlowpath: new Counter({
    ...on,
    name: 'leader_election_slowpath_total',
    help: 'Renewals that found the Lease changed and had to read it first.',
    labelNames: ['name'],
  }),
  integrationsPaused: new Gauge({
    ...on,
    name: 'scim_integrations_paused',
    help: 'Integrations whose reconciliation is paused by annotation.',
  }),
  tokenExpiration: new Gauge({
    ...on,
    name: 'scim_token_expiration_timestamp_seconds',
    help: 'When a valid token expires.',
    labelNames: ['namespace', 'name', 'token_id'],
  }),
  integrationCondition: new Gauge({
    ...on,
    name: 'scim_integration_condition',
    help: 'Conditions of an integration: 1 for the status that holds, 0 for the others.',
    labelNames: ['namespace', 'name', 'type', 'status'],
  }),
})
