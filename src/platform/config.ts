/** Every setting of the product, declared on one page; read once, by the process's main file. */
import { z } from 'zod'

import { setting } from './settings.ts'

import type { SettingSource } from './settings.ts'

/** The only place that reads the environment of the process. */
export const commandLine = (): SettingSource => ({
  args: process.argv.slice(2),
  // oxlint-disable-next-line no-process-env -- here and nowhere else; everything beyond takes values
  env: process.env,
})

const port = (flag: string, env: string, standard: number, of: string) =>
  setting(
    z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number)
      .pipe(z.int().max(65_535))
      .default(standard),
    {
      flag,
      env,
      about: `Port of ${of}. Default ${standard}.`,
      mustBe: 'a port from 0 to 65535 (0 takes a free one)',
    },
  )

const logLevel = (standard: 'info' | 'warn') =>
  setting(z.enum(['debug', 'info', 'warn', 'error', 'silent']).default(standard), {
    flag: 'log-level',
    env: 'LOG_LEVEL',
    about: `debug, info, warn, error or silent. Default ${standard}.`,
    mustBe: 'debug, info, warn, error or silent',
  })

const databaseUrl = (env: string, about: string) =>
  setting(z.url({ protocol: /^postgres(ql)?$/ }).optional(), {
    env,
    about,
    mustBe: 'a URL such as postgres://user:password@host:5432/database',
  })

const folder = (flag: string, env: string, standard: string, about: string) =>
  setting(z.string().default(standard), {
    flag,
    env,
    about: `${about} Default ${standard}.`,
    mustBe: 'a folder',
  })

/** A DNS name as the base of generated hostnames: lower case, at least one label. */
const hostname = z
  .string()
  .max(200)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/)

/** `npm start`: operator, server and worker in one process. */
export const standaloneSettings = z.object({
  manifests: folder('manifests', 'MANIFESTS_DIR', 'manifests', 'Folder of manifests to watch.'),
  state: folder('state', 'STATE_DIR', '.state', 'Folder for data, Secrets and status, kept between starts.'),
  scimPort: port('scim-port', 'SCIM_PORT', 8080, 'the SCIM server'),
  directoryPort: port('directory-port', 'DIRECTORY_PORT', 8081, 'the Directory API'),
  opsPort: port('ops-port', 'OPS_PORT', 9090, '/metrics, /livez and /readyz'),
  baseDomain: setting(hostname.optional(), {
    flag: 'base-domain',
    env: 'BASE_DOMAIN',
    about: 'Domain under which every tenant gets a host name. Without it tenants are reached by path.',
    mustBe: 'a domain such as scim.example.com',
  }),
  logLevel: logLevel('warn'),
  tenantLabelLimit: setting(
    z
      .string()
      .regex(/^\d{1,6}$/)
      .transform(Number)
      .default(200),
    {
      env: 'METRICS_TENANT_LIMIT',
      about: 'How many tenants are named in metrics before the rest share the label "other". Default 200.',
      mustBe: 'a whole number from 0 to 999999',
    },
  ),
  databaseOwnerUrl: databaseUrl(
    'DATABASE_OWNER_URL',
    'A Postgres to use instead of the embedded one: the owner of the schema. Alone, it makes the other roles.',
  ),
  databaseUrl: databaseUrl('DATABASE_URL', 'The same database as the role scim_app.'),
  databasePooled: setting(
    z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true'),
    {
      env: 'DATABASE_POOLED',
      about:
        'true if DATABASE_URL leads through a transaction pooler such as PgBouncer. Set statement_timeout on the role then. Default false.',
      mustBe: 'true or false',
    },
  ),
  workerDatabaseUrl: databaseUrl(
    'WORKER_DATABASE_URL',
    'The same database as the role scim_worker; a direct connection, since it listens.',
  ),
})

export type StandaloneConfig = Readonly<z.output<typeof standaloneSettings>>
