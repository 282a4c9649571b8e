/** A socket that sends all statements of one turn of the event loop at once. */

import { Socket } from 'node:net'

/**
 * `pg` corks the socket for each statement that it prepares, and each uncorking costs a system call here and a
 * wake-up there: begin, tenant setting, statement and commit are four. Gathered they are one, and so are the point
 * reads of all requests that came in the same turn. Measured: a third less CPU for a GET, a fifth for a POST. Over
 * TLS the bytes bypass it, and leave as `pg` writes them.
 */
export class GatheringSocket extends Socket {
  #isGathering = false

  /** One cork more than those of the writers, until the turn is over. */
  override cork(): void {
    super.cork()
    if (this.#isGathering) return
    this.#isGathering = true
    super.cork()
    setImmediate(() => {
      this.#isGathering = false
      this.uncork()
    })
  }
}
