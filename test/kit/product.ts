/** The product as a person starts it: `src/standalone/main.ts` as a child process on temporary folders. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { parse, parseDocument } from 'yaml'
import { z } from 'zod'

import { stopStray } from '#standalone/postgres-process.ts'
import { pathsIn } from '#standalone/state-folder.ts'

import { endWithUs } from './end-with-us.ts'

import type { ChildProcess } from 'node:child_process'

/** Path of the Secret with a token, or null once acknowledged or expired. */
const deliverySecret = z.string().nullable()

/** What `<state>/ready.json` says. Strict: a field more or less is a change of what programs rely on. */
const Ready = z.strictObject({
  ports: z.strictObject({ scim: z.int(), directory: z.int(), ops: z.int() }),
  integrations: z.array(
    z.strictObject({
      namespace: z.string(),
      name: z.string(),
      tenantID: z.string(),
      baseURL: z.url(),
      deliverySecret,
      readers: z.array(z.strictObject({ name: z.string(), deliverySecret })),
    }),
  ),
})

export type Ready = z.output<typeof Ready>
export type ReadyIntegration = Ready['integrations'][number]

const DeliverySecret = z.object({ data: z.object({ token: z.base64() }) })

export interface ProductOptions {
  /** File name -> YAML. */
  readonly manifests: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Root of the release; this one's unless told. */
  readonly root?: string
  /** URLs of a Postgres to use instead of the embedded one. */
  readonly databases?: Readonly<Record<'DATABASE_OWNER_URL' | 'DATABASE_URL' | 'WORKER_DATABASE_URL', string>>
}

const startLimitMs = 60_000
const stopLimitMs = 20_000
const keptOutputLength = 20_000

/** A running product; disposing it stops the processes and removes the folders. */
export class Product implements AsyncDisposable {
  readonly folder: string
  readonly state: string
  readonly #options: ProductOptions
  #child: ChildProcess | undefined
  #output = ''

  private constructor(folder: string, options: ProductOptions) {
    this.folder = folder
    this.state = join(folder, 'state')
    this.#options = options
  }

  static async start(options: ProductOptions): Promise<Product> {
    const folder = await mkdtemp(join(tmpdir(), 'scim-operator-'))
    const product = new Product(folder, options)
    try {
      // The embedded Postgres of a product started by root runs as another user, which must reach its data.
      await chmod(folder, 0o711)
      await mkdir(join(folder, 'manifests'))
      for (const [name, yaml] of Object.entries(options.manifests)) await product.writeManifest(name, yaml)
      product.launch()
      return product
    } catch (error) {
      await product[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts the process; also the second start on the same state. */
  launch(): void {
    const {
      DATABASE_OWNER_URL: _owner,
      DATABASE_URL: _app,
      WORKER_DATABASE_URL: _worker,
      ...env
    } = process.env
    const flags = ['--manifests', join(this.folder, 'manifests'), '--state', this.state]
    const ports = ['--scim-port', '0', '--directory-port', '0', '--ops-port', '0']
    const child = spawn(process.execPath, ['src/standalone/main.ts', ...flags, ...ports], {
      cwd: this.#options.root ?? join(import.meta.dirname, '..', '..'),
      env: { ...env, ...this.#options.databases },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C reaches the demo only, which then stops the product in order.
      detached: true,
    })
    if (child.pid !== undefined) {
      // It stops its Postgres then.
      const watch = endWithUs(child.pid, 'TERM')
      child.once('exit', () => watch[Symbol.dispose]())
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-keptOutputLength)
      })
    }
    this.#child = child
  }

  /** An object as it stands in the state folder, status included; undefined when there is none. */
  async object(plural: string, namespace: string, name: string): Promise<unknown> {
    try {
      return parse(
        await readFile(join(pathsIn(this.state).kubernetes, namespace, plural, `${name}.yaml`), 'utf8'),
      )
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** What the process printed last. */
  get output(): string {
    return this.#output
  }

  async writeManifest(name: string, yaml: string): Promise<void> {
    await writeFile(join(this.folder, 'manifests', name), yaml)
  }

  async removeManifest(name: string): Promise<void> {
    await rm(join(this.folder, 'manifests', name))
  }

  /** Waits until ready.json exists and says what is asked for. */
  async ready(isEnough: (ready: Ready) => boolean = () => true): Promise<Ready> {
    return this.until('ready.json says so', async () => {
      const ready = await this.readReady()
      return ready !== undefined && isEnough(ready) ? ready : undefined
    })
  }

  /** Asks every 50 ms until there is an answer; fails when the product ended or took a minute. */
  async until<T>(what: string, ask: () => Promise<T | undefined>, limitMs = startLimitMs): Promise<T> {
    const deadline = Date.now() + limitMs
    const { signal } = this.#options
    for (;;) {
      signal?.throwIfAborted()
      const answer = await ask()
      if (answer !== undefined) return answer
      if (this.#hasEnded()) throw new Error(`the product ended while waiting until ${what}:\n${this.#output}`)
      if (Date.now() > deadline) {
        throw new Error(`waited ${limitMs / 1000} s in vain until ${what}:\n${this.#output}`)
      }
      await delay(50, undefined, signal === undefined ? {} : { signal })
    }
  }

  /** Asks the process to stop as Ctrl-C does, and returns its exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child
    if (child === undefined) return null
    if (!this.#hasEnded()) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      const timer = new AbortController()
      const late = delay(stopLimitMs, 'late', { signal: timer.signal }).catch(() => undefined)
      if ((await Promise.race([ended, late])) === 'late') {
        child.kill('SIGKILL')
        await ended
      }
      timer.abort()
    }
    return child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    // A product that was killed, or crashed, leaves its Postgres behind.
    await stopStray(join(pathsIn(this.state).postgres, 'data'))
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #hasEnded(): boolean {
    return this.#child !== undefined && (this.#child.exitCode !== null || this.#child.signalCode !== null)
  }

  async readReady(): Promise<Ready | undefined> {
    try {
      return Ready.parse(JSON.parse(await readFile(pathsIn(this.state).ready, 'utf8')))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}

/** The token in a delivery Secret, as `kubectl get secret -o yaml` prints it. */
export const tokenIn = async (secretPath: string | null | undefined): Promise<string> => {
  if (secretPath === null || secretPath === undefined)
    throw new Error('the token is no longer there to be read')
  const secret = DeliverySecret.parse(parse(await readFile(secretPath, 'utf8')))
  return Buffer.from(secret.data.token, 'base64').toString('utf8')
}

/** What an admin does once the token is copied: the annotation that ends the delivery. */
export const acknowledge = async (secretPath: string): Promise<void> => {
  const secret = parseDocument(await readFile(secretPath, 'utf8'))
  const label = secret.getIn(['metadata', 'labels', 'scim-operator.io/token-id'])
  secret.setIn(['metadata', 'annotations', 'scim-operator.io/acknowledged'], label)
  await writeFile(secretPath, secret.toString())
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
