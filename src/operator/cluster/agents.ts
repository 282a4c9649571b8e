/**
 * The connections to the API server. HTTP/1.1 only: a half-open HTTP/2 session is never given up, and everything would
 * hang on the one session. Watches do not share connections with calls, which they would keep waiting for minutes; and
 * the Lease has its own, so that no crowd of calls costs us the leadership.
 */
import { createHash } from 'node:crypto'

import { Agent } from 'undici'

import type { TlsOptions } from './credentials.ts'

export type Lane = 'calls' | 'watches' | 'lease'

/** How many connections each lane opens at most; every watch holds one. */
const connections: Readonly<Record<Lane, number | null>> = { calls: 32, watches: null, lease: 2 }
const headersTimeoutMs = 15_000
/** Longer than the pause between two renewals of the Lease, shorter than the idle limits of load balancers. */
const keepAliveMs = 30_000

export interface AgentsOptions {
  /** A watch that is silent for so long is dead: the API server sends a bookmark every minute. */
  readonly watchSilenceMs: number
}

interface Generation {
  readonly fingerprint: string
  readonly agents: Readonly<Record<Lane, Agent>>
}

export class Agents implements AsyncDisposable {
  readonly #options: AgentsOptions
  #current: Generation | undefined
  /** Replaced, but with requests in flight. */
  readonly #retiring = new Set<Agent>()

  constructor(options: AgentsOptions) {
    this.#options = options
  }

  /** The agent of a lane; all are made anew when the CA or the client certificate is another one than before. */
  of(lane: Lane, tls: TlsOptions): Agent {
    const fingerprint = createHash('sha256').update(JSON.stringify(tls)).digest('base64')
    if (this.#current?.fingerprint !== fingerprint) {
      this.#retire()
      const open = (lane: Lane) => this.#open(lane, tls)
      this.#current = {
        fingerprint,
        agents: { calls: open('calls'), watches: open('watches'), lease: open('lease') },
      }
    }
    return this.#current.agents[lane]
  }

  /** Cuts what is in flight. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#retire()
    await Promise.all([...this.#retiring].map((agent) => agent.destroy()))
  }

  #open(lane: Lane, tls: TlsOptions): Agent {
    return new Agent({
      allowH2: false,
      connections: connections[lane],
      headersTimeout: headersTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      ...(lane === 'watches' ? { bodyTimeout: this.#options.watchSilenceMs } : {}),
      connect: { ...tls, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
    })
  }

  #retire(): void {
    for (const agent of Object.values(this.#current?.agents ?? {})) {
      this.#retiring.add(agent)
      const forget = () => void this.#retiring.delete(agent)
      agent.close().then(forget, forget)
    }
    this.#current = undefined
  }
}
