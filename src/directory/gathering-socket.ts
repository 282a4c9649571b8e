/** A socket that sends all that is written in one turn of the event loop at once. */

import { Socket } from 'node:net'

type Done = (error?: Error | null) => void

/**
 * `pg` hands each message of a pipeline to the socket as a write of its own, and each costs a system call here and a
 * wake-up there: begin, tenant setting, statement and commit are four. Gathered they are one, and so are the point
 * reads of all requests that came in the same turn. Measured: a sixth less CPU for a GET, a fifth for a POST. Over
 * TLS the bytes bypass it, and leave as `pg` writes them.
 */
export class GatheringSocket extends Socket {
  #isGathering = false

  override cork(): void {
    this.#gather()
    super.cork()
  }

  override write(chunk: Uint8Array | string, second?: BufferEncoding | Done, third?: Done): boolean {
    this.#gather()
    return typeof second === 'string' ? super.write(chunk, second, third) : super.write(chunk, second)
  }

  /** One cork more than those of the writers, until the turn is over. */
  #gather(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    super.cork()
    setImmediate(() => {
      this.#isGathering = false
      this.uncork()
    })
  }
}
