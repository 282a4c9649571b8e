/** MikroORM's configuration: the entities, the migrations, and a pool that is configured like every other. */

import { Migrator } from '@mikro-orm/migrations'
import { defineConfig, type Options } from '@mikro-orm/postgresql'
import type { ClientConfig } from 'pg'
import { entities } from './entities/list.ts'
import { migrations } from './migrations/list.ts'

/**
 * MikroORM serves what the owner does row by row (tenants, tokens, policies) and the migrations. It has its own
 * pool, opened on first use, because it reads times as text where the rest of the room reads dates.
 */
export function entityManagerConfig(config: ClientConfig, poolSize: number): Options {
  const { types: _, connectionString, ...rest } = config
  return defineConfig({
    clientUrl: connectionString ?? '',
    entities: [...entities],
    extensions: [Migrator],
    migrations: {
      migrationsList: [...migrations],
      snapshot: false,
      silent: true,
      transactional: true,
      allOrNothing: true,
    },
    pool: { min: 0, max: poolSize },
    driverOptions: rest,
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    debug: false,
  })
}
