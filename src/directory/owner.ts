/** Writing as the operator's leader: every transaction proves that nobody has become leader since. */

import type { EntityManager } from '@mikro-orm/postgresql'
import { sleep } from '#platform/retry.ts'
import { withClient } from './client.ts'
import type { Directory } from './database.ts'
import { entityError, sqlState } from './unavailable.ts'

/** The directory opened with the owner's URL, and the epoch that was taken when leadership was won. */
export interface Owner {
  readonly directory: Directory
  readonly epoch: number
}

/** Another leader has taken over: whoever gets this stops writing, for good. */
export class StaleEpochError extends Error {
  constructor(epoch: number, current: number) {
    super(`Another operator leads: epoch ${current}, this one has ${epoch}`)
    this.name = 'StaleEpochError'
  }
}

/**
 * Begins a new epoch when leadership is won. It waits for writes of the epoch before that are under way; those that
 * come later are refused. Counted in Postgres, since the transitions of a Lease restart when it is deleted.
 *
 * @throws DatabaseUnavailableError
 */
export async function takeEpoch(directory: Directory): Promise<Owner> {
  const [row] = await withClient(directory, (query) =>
    query<{ epoch: number }>('update operator_epoch set epoch = epoch + 1 returning epoch'),
  )
  if (row === undefined) throw new Error('The table operator_epoch has lost its row')
  return { directory, epoch: row.epoch }
}

/** Looks whether the epoch is still the current one, without a write. @throws StaleEpochError, DatabaseUnavailableError */
export async function assertEpoch({ directory, epoch }: Owner): Promise<void> {
  const [row] = await withClient(directory, (query) =>
    query<{ epoch: number }>('select epoch from operator_epoch'),
  )
  if (row?.epoch !== epoch) throw new StaleEpochError(epoch, Number(row?.epoch))
}

/** How often a write is run again after a deadlock or serialization failure. */
const writeRetries = 5

/**
 * Runs `work` in a transaction of the owner and commits it. The shared lock on the epoch's row keeps a new leader
 * waiting until this commits, so that nothing of an old one is written after the new one has looked.
 *
 * @throws StaleEpochError, DatabaseUnavailableError, and what `work` throws
 */
export async function writeAsOwner<T>(owner: Owner, work: (em: EntityManager) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await owner.directory.orm.em.fork().transactional(async (em) => {
        const [row] = await em.execute<{ epoch: string }[]>('select epoch from operator_epoch for share')
        const current = Number(row?.epoch)
        if (current !== owner.epoch) throw new StaleEpochError(owner.epoch, current)
        return work(em)
      })
    } catch (error) {
      const typed = entityError(error)
      if (attempt >= writeRetries || !['40001', '40P01'].includes(sqlState(typed) ?? '')) throw typed
      await sleep(Math.random() * 10 * 2 ** attempt)
    }
  }
}

/** Reads rows as entities, outside of any tenant. @throws DatabaseUnavailableError */
export async function readAsOwner<T>(
  directory: Directory,
  read: (em: EntityManager) => Promise<T>,
): Promise<T> {
  try {
    return await read(directory.orm.em.fork())
  } catch (error) {
    throw entityError(error)
  }
}
