/** The metrics of the operator: what dashboards of controller-runtime expect, and what it knows of integrations. */
import { Counter, Gauge, Histogram } from 'prom-client'

import { runningWorkMetrics } from './running-work.ts'

import type { Registry } from 'prom-client'

/** The shape of controller-runtime's histogram, 5 ms to 60 s. */
const reconcileSeconds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
  1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
]
/** The shape of client-go's work queue histograms, 10 ns to 1,000 s. */
const queueSeconds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000]
/** The shape of client-go's latency of requests to the API server, 5 ms to 60 s. */
const restSeconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

/** @param on where they are registered */
export const operatorMetrics = (on: { readonly registers: Registry[] }) => ({
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
  reconcileTerminalErrors: new Counter({
    ...on,
    name: 'controller_runtime_terminal_reconcile_errors_total',
    help: 'Reconciliations that failed for good: only a change of the object can help.',
    labelNames: ['controller'],
  }),
  reconcileTimeouts: new Counter({
    ...on,
    name: 'controller_runtime_reconcile_timeouts_total',
    help: 'Reconciliations that were cut off for taking too long.',
    labelNames: ['controller'],
  }),
  activeWorkers: new Gauge({
    ...on,
    name: 'controller_runtime_active_workers',
    help: 'Reconciliations that run at this moment.',
    labelNames: ['controller'],
  }),
  maxConcurrentReconciles: new Gauge({
    ...on,
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'How many reconciliations may run at once.',
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
    help: 'Keys that wait in the work queue; high for changes, low for routine.',
    labelNames: ['name', 'controller', 'priority'],
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
    help: 'Requests to the Kubernetes API by status code, or `<error>` where there was no answer.',
    labelNames: ['code', 'method', 'host'],
  }),
  restRetries: new Counter({
    ...on,
    name: 'rest_client_request_retries_total',
    help: 'Requests sent again because the Kubernetes API said when to.',
    labelNames: ['code', 'method'],
  }),
  restRequestDuration: new Histogram({
    ...on,
    name: 'rest_client_request_duration_seconds',
    help: 'Time until the Kubernetes API began its answer.',
    labelNames: ['verb', 'host'],
    buckets: restSeconds,
  }),
  ...runningWorkMetrics(on),
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
  watchLastActivity: new Gauge({
    ...on,
    name: 'scim_operator_watch_last_activity_timestamp_seconds',
    help: 'When anything was last heard of a kind: at least a bookmark comes every minute.',
    labelNames: ['kind'],
  }),
  integrations: new Gauge({
    ...on,
    name: 'scim_integrations',
    help: 'Integrations of which a condition has this status.',
    labelNames: ['type', 'status'],
  }),
  integrationsPaused: new Gauge({
    ...on,
    name: 'scim_integrations_paused',
    help: 'Integrations whose reconciliation is paused by annotation.',
  }),
  tokenExpiration: new Gauge({
    ...on,
    name: 'scim_token_expiration_timestamp_seconds',
    help: 'When a valid token expires, of the integrations that scim_integration_condition names.',
    labelNames: ['namespace', 'name', 'token_id'],
  }),
  integrationCondition: new Gauge({
    ...on,
    name: 'scim_integration_condition',
    help: 'Conditions of an integration: 1 for the status that holds, 0 for the others. METRICS_TENANT_LIMIT integrations that are well have it, and as many that are not Ready, are Degraded, or have a token that expires soon.',
    labelNames: ['namespace', 'name', 'type', 'status'],
  }),
})
