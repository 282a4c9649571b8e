/** What the operator's leader does by the clock: data whose grace is over goes, partitions are made ahead. */

import { dropTenant } from '#directory/drop-tenant.ts'
import { maintainPartitions } from '#directory/partitions.ts'
import { tenantsToDrop } from '#directory/tenants.ts'

import { pause } from './clock.ts'

import type { Owner } from '#directory/owner.ts'
import type { Logger } from '#platform/log.ts'

import type { Clock } from './clock.ts'

export interface HousekeepingOptions {
  readonly owner: Owner
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

const everyMs = 60_000
const partitionsEveryMs = 3_600_000
const partitionDays = { aheadDays: 7, retentionDays: 90 }

/** Runs until the signal aborts; what fails is tried again the next time. */
export async function keepHouse(options: HousekeepingOptions): Promise<void> {
  const { owner, clock, signal, log } = options
  let partitionsDueMs = clock.now()
  while (!signal.aborted) {
    const now = new Date(clock.now())
    try {
      await dropDueTenants(options, now)
      if (clock.now() >= partitionsDueMs) {
        const changes = await maintainPartitions(owner.directory, now, partitionDays)
        if (changes.dropped.length > 0) log.info({ dropped: changes.dropped }, 'partitions dropped')
        partitionsDueMs = clock.now() + partitionsEveryMs
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'housekeeping failed')
    }
    await pause(clock, everyMs, signal)
  }
}

async function dropDueTenants({ owner, log, signal }: HousekeepingOptions, now: Date): Promise<void> {
  for (const { id, slug } of await tenantsToDrop(owner.directory, now)) {
    await dropTenant(owner, id, { now, signal })
    log.info({ tenant: slug }, 'tenant dropped after its grace')
  }
}
