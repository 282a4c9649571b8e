/** A main file of the product as a child process, told everything by its environment alone, heard by its log. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { endWithUs } from './end-with-us.ts'

import type { ChildProcess } from 'node:child_process'

export type LogLine = Readonly<Record<string, unknown>>

export interface ChildOptions {
  /** Below the root: `src/server/main.ts`. */
  readonly main: string
  readonly env: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Root of the release; this one's unless told. */
  readonly root?: string
}

export interface Probe {
  readonly status: number
  readonly text: string
}

const projectRoot = join(import.meta.dirname, '..', '..')
const limitMs = 60_000

/** Disposing it kills what still runs. */
export class Child implements AsyncDisposable {
  readonly name: string
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  #stdout = ''
  #stderr = ''

  constructor({ main, env, args = [], root = projectRoot }: ChildOptions) {
    this.name = main
    this.#process = spawn(process.execPath, [main, ...args], {
      cwd: root,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (this.#process.pid !== undefined) {
      const watch = endWithUs(this.#process.pid, 'KILL')
      this.#process.once('exit', () => watch[Symbol.dispose]())
    }
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text))
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    // Once its streams are read to the end.
    this.#ended = new Promise((resolve) => this.#process.once('close', resolve))
  }

  get pid(): number {
    const { pid } = this.#process
    if (pid === undefined) throw new Error(`${this.name} could not be started`)
    return pid
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Whole lines of the log so far. */
  get lines(): readonly LogLine[] {
    return this.#stdout
      .split('\n')
      .slice(0, -1)
      .map((line): LogLine => JSON.parse(line))
  }

  said(message: string): readonly LogLine[] {
    return this.lines.filter(({ msg }) => msg === message)
  }

  /** A port from the line with this message; waits for it. */
  async port(name: 'opsPort' | 'scimPort' | 'directoryPort', message: 'started' | 'ready'): Promise<number> {
    return this.#until(`${name} is known`, () => {
      const value = this.said(message)[0]?.[name]
      return typeof value === 'number' ? value : undefined
    })
  }

  /** Asks /readyz or /livez. */
  async probe(path: '/readyz' | '/livez'): Promise<Probe> {
    const response = await fetch(`http://127.0.0.1:${await this.port('opsPort', 'started')}${path}`)
    return { status: response.status, text: (await response.text()).trim() }
  }

  async untilReady(): Promise<void> {
    await this.#until('it is ready', async () =>
      (await this.probe('/readyz')).status === 200 ? true : undefined,
    )
  }

  /** Until it has said it so often. */
  async untilSaid(message: string, times = 1): Promise<void> {
    await this.#until(`it says "${message}"`, () => this.said(message)[times - 1])
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Asks it to stop, as Kubernetes does. */
  terminate(): void {
    this.#process.kill('SIGTERM')
  }

  /** SIGKILL ends it as a lost machine does; SIGSTOP and SIGCONT make it sleep and wake up later. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name)
  }

  /** Its exit code once it has ended; null if it was killed. */
  async ended(): Promise<number | null> {
    await this.#ended
    return this.#process.exitCode
  }

  async stop(): Promise<number | null> {
    this.terminate()
    return this.ended()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) this.#process.kill('SIGKILL')
    await this.#ended
  }

  async #until<T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + limitMs
    for (;;) {
      const answer = await ask()
      if (answer !== undefined) return answer
      const output = `${this.#stdout}${this.#stderr}`.slice(-10_000)
      if (!this.isRunning) throw new Error(`${this.name} ended before ${what}:\n${output}`)
      if (Date.now() > deadline)
        throw new Error(`waited ${limitMs / 1000} s in vain until ${what}:\n${output}`)
      await delay(30)
    }
  }
}
