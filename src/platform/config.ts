/** Every setting of the product, declared on one page; read once, by the process's main file. */
import { z } from 'zod'

import {
  databaseUrl,
  domain,
  folder,
  folderOr,
  kubeName,
  kubeNameOr,
  kubeNames,
  listeningPort,
  oneOf,
  optionalDatabaseUrl,
  optionalPath,
  origin,
  remotePort,
  webUrl,
  wholeNumber,
  yesOrNo,
} from './setting-kinds.ts'
import { withFlag } from './settings.ts'

import type { SettingSource } from './settings.ts'

/** The only place that reads the environment of the process. */
export const commandLine = (): SettingSource => ({
  args: process.argv.slice(2),
  // oxlint-disable-next-line no-process-env -- here and nowhere else; everything beyond takes values
  env: process.env,
})

const logLevel = (standard: 'info' | 'warn') =>
  oneOf(['debug', 'info', 'warn', 'error', 'silent'], standard, {
    env: 'LOG_LEVEL',
    about: 'How much is logged:',
  })

const opsPort = listeningPort('OPS_PORT', 9090, '/metrics, /livez and /readyz')
const scimPort = listeningPort('SCIM_PORT', 8080, 'the SCIM server')
const directoryPort = listeningPort('DIRECTORY_PORT', 8081, 'the Directory API')

const tenantLabelLimit = wholeNumber(
  {
    env: 'METRICS_TENANT_LIMIT',
    about: 'How many tenants are named in metrics before the rest share the label "other".',
  },
  { least: 0, most: 999_999, standard: 200 },
)

const baseDomain = (without: string) =>
  domain({
    env: 'BASE_DOMAIN',
    about: `Domain under which every tenant gets a host name. Without it ${without}.`,
  })

const databasePooled = yesOrNo({
  env: 'DATABASE_POOLED',
  about:
    'true if DATABASE_URL leads through a transaction pooler such as PgBouncer. Set statement_timeout on the role then.',
})

const pepper = folder({
  env: 'PEPPER_DIR',
  about:
    'Folder of the pepper keyring, one file per key: a mounted Secret, the same for operator and server.',
})

/** `npm start`: operator, server and worker in one process. */
export const standaloneSettings = z.object({
  manifests: withFlag(
    'manifests',
    folderOr('manifests', { env: 'MANIFESTS_DIR', about: 'Folder of manifests to watch.' }),
  ),
  state: withFlag(
    'state',
    folderOr('.state', {
      env: 'STATE_DIR',
      about: 'Folder for data, Secrets and status, kept between starts.',
    }),
  ),
  scimPort: withFlag('scim-port', scimPort),
  directoryPort: withFlag('directory-port', directoryPort),
  opsPort: withFlag('ops-port', opsPort),
  baseDomain: withFlag('base-domain', baseDomain('tenants are reached by path')),
  logLevel: withFlag('log-level', logLevel('warn')),
  tenantLabelLimit,
  databaseOwnerUrl: optionalDatabaseUrl({
    env: 'DATABASE_OWNER_URL',
    about:
      'A Postgres to use instead of the embedded one: the owner of the schema. Alone, it makes the other roles.',
  }),
  databaseUrl: optionalDatabaseUrl({
    env: 'DATABASE_URL',
    about: 'The same database as the role scim_app.',
  }),
  databasePooled,
  workerDatabaseUrl: optionalDatabaseUrl({
    env: 'WORKER_DATABASE_URL',
    about: 'The same database as the role scim_worker; a direct connection, since it listens.',
  }),
})

export type StandaloneConfig = Readonly<z.output<typeof standaloneSettings>>

/** `npm run operator`. */
export const operatorSettings = z.object({
  kubeConfig: optionalPath({
    env: 'KUBECONFIG',
    about: 'File that says how the cluster is reached. Without it by the service account of the pod.',
  }),
  databaseOwnerUrl: databaseUrl({
    env: 'DATABASE_OWNER_URL',
    about: 'Postgres as the owner of the schema, who is no superuser; a direct connection.',
  }),
  pepper,
  watchNamespaces: kubeNames({
    env: 'WATCH_NAMESPACES',
    about: 'Namespaces to look at, with commas between them. Without it all of them.',
  }),
  podNamespace: kubeNameOr('default', {
    env: 'POD_NAMESPACE',
    about: 'Namespace of this pod: of its Lease and, unless told, of the server.',
  }),
  podName: kubeName({
    env: 'POD_NAME',
    about: 'Name of this pod, shown as the holder of the Lease. Without it the host name.',
  }),
  leaseName: kubeNameOr('scim-operator', {
    env: 'LEASE_NAME',
    about: 'The Lease that makes one of several operators the leader.',
  }),
  defaultEndpointType: oneOf(['HTTPRoute', 'Ingress', 'Shared', 'None'], 'HTTPRoute', {
    env: 'DEFAULT_ENDPOINT_TYPE',
    about: 'Endpoint of integrations that name no type:',
  }),
  baseDomain: baseDomain('each names its own, or is reached under PATH_ORIGIN'),
  publicScheme: oneOf(['https', 'http'], 'https', {
    env: 'PUBLIC_SCHEME',
    about: 'Scheme of generated host names, as clients see it:',
  }),
  publicPort: remotePort({
    env: 'PUBLIC_PORT',
    about: 'Port of generated host names, as clients see it. Without it that of the scheme.',
  }),
  pathOrigin: origin({
    env: 'PATH_ORIGIN',
    about: 'Origin under which tenants without a host are reached as /t/<tenantID>. Servers need the same.',
  }),
  directoryUrl: webUrl({
    env: 'DIRECTORY_URL',
    about: 'Where readers reach the Directory API; stands in the Secrets of their tokens.',
  }),
  gatewayName: kubeNameOr('scim-operator', {
    env: 'GATEWAY_NAME',
    about: 'Gateway of HTTPRoutes whose integration names none.',
  }),
  gatewayNamespace: kubeName({
    env: 'GATEWAY_NAMESPACE',
    about: 'Its namespace. Without it that of the route.',
  }),
  gatewaySectionName: kubeName({
    env: 'GATEWAY_SECTION_NAME',
    about: 'Its listener. Without it every one that fits.',
  }),
  serverService: kubeNameOr('scim-operator-server', {
    env: 'SERVER_SERVICE',
    about: 'Service of the SCIM server, where routes lead.',
  }),
  serverServiceNamespace: kubeName({
    env: 'SERVER_SERVICE_NAMESPACE',
    about: 'Its namespace. Without it POD_NAMESPACE.',
  }),
  serverServicePort: wholeNumber(
    { env: 'SERVER_SERVICE_PORT', about: 'Its port.' },
    { least: 1, most: 65_535, standard: 8080 },
  ),
  resyncSeconds: wholeNumber(
    { env: 'RESYNC_SECONDS', about: 'How often all is looked at again though nothing happened.' },
    { least: 10, most: 86_400, standard: 600 },
  ),
  opsPort,
  logLevel: logLevel('info'),
  tenantLabelLimit,
})

export type OperatorConfig = Readonly<z.output<typeof operatorSettings>>

/** `npm run server`. */
export const serverSettings = z.object({
  databaseUrl: databaseUrl({
    env: 'DATABASE_URL',
    about: 'Postgres as the role scim_app.',
  }),
  databasePooled,
  databasePoolSize: wholeNumber(
    { env: 'DATABASE_POOL_SIZE', about: 'Connections for transactions; four more are shared by reads.' },
    { least: 1, most: 1_000, standard: 10 },
  ),
  pepper,
  scimPort,
  directoryPort,
  opsPort,
  pathOrigin: origin({
    env: 'PATH_ORIGIN',
    about: 'Origin under which tenants are also reached as /t/<tenantID>. Without it by host alone.',
  }),
  drainSeconds: wholeNumber(
    {
      env: 'DRAIN_SECONDS',
      about:
        'How long a server that was told to stop goes on accepting, since traffic is turned away from it only after it says so.',
    },
    { least: 0, most: 300, standard: 5 },
  ),
  logLevel: logLevel('info'),
  tenantLabelLimit,
})

/** `npm run worker`. */
export const workerSettings = z.object({
  workerDatabaseUrl: databaseUrl({
    env: 'WORKER_DATABASE_URL',
    about: 'Postgres as the role scim_worker; a direct connection, since it listens.',
  }),
  concurrency: wholeNumber(
    { env: 'WORKER_CONCURRENCY', about: 'Jobs at a time.' },
    { least: 1, most: 100, standard: 4 },
  ),
  opsPort,
  logLevel: logLevel('info'),
  tenantLabelLimit,
})
