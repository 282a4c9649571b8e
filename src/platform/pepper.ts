/**
 * The pepper keyring: one file per key in a folder (a mounted Secret, or the state folder of standalone), the name is
 * the key id. Ids sort by age: the last one is the newest. It is re-read while the process runs, so a new key reaches
 * every process before the first token is hashed with it, and no process needs a restart.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { sleep } from './retry.ts'

/** A key that only operator and server hold; `kid` names it in the digests made with it. */
export interface Pepper {
  readonly kid: string
  readonly key: Buffer
}

export interface Keyring {
  /** The key that new digests are made with. */
  current(): Pepper
  /** The key of an existing digest; undefined if it was removed. */
  find(kid: string): Pepper | undefined
}

export interface KeyringOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly rereadMs?: number
  /** How long the newest key must have been there before it is used for new digests. */
  readonly spreadMs?: number
  /** A failed reread; the keys read before stay in use. */
  readonly onError?: (error: unknown) => void
}

interface Held extends Pepper {
  readonly sinceMs: number
}

/** Digests contain the id between dots (`v1.hs256.<kid>.<digest>`); `..data` and the like are a Secret mount's own. */
const keyIdPattern = /^[A-Za-z0-9_-]{1,32}$/
const leastKeyBytes = 32

/** Reads the folder; throws if it holds no key, or one shorter than 32 bytes. It creates nothing. */
export const openKeyring = async (
  directory: string,
  options: KeyringOptions = {},
): Promise<Keyring & AsyncDisposable> => {
  const { now = Date.now, rereadMs = 10_000, spreadMs = 30_000, onError = () => undefined } = options
  let held = await readKeys(directory, new Map())
  const stop = new AbortController()
  const keepReading = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await sleep(rereadMs, stop.signal)
      try {
        held = await readKeys(directory, held, now())
      } catch (error) {
        onError(error)
      }
    }
  }
  const reading = keepReading().catch((error: unknown) => {
    if (!stop.signal.aborted) onError(error)
  })
  return {
    current: () => currentKey([...held.values()], now() - spreadMs),
    find: (kid) => held.get(kid),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await reading
    },
  }
}

/**
 * The newest key that has spread. Where none has (a fresh mount gives every file the same age), the one before the
 * newest: whichever key was added last is then not used too early.
 */
const currentKey = (keys: readonly Held[], spreadBeforeMs: number): Pepper => {
  const newestFirst = keys.toSorted((a, b) => (a.kid < b.kid ? 1 : -1))
  const key = newestFirst.find(({ sinceMs }) => sinceMs <= spreadBeforeMs) ?? newestFirst[1] ?? newestFirst[0]
  if (key === undefined) throw new Error('the pepper keyring is empty')
  return key
}

/** `seenAtMs` is undefined at the first read, when the file's own time is the better guess. */
const readKeys = async (
  directory: string,
  before: ReadonlyMap<string, Held>,
  seenAtMs?: number,
): Promise<ReadonlyMap<string, Held>> => {
  const names = (await readdir(directory)).filter((name) => keyIdPattern.test(name))
  const keys = await Promise.all(
    names.map(async (kid): Promise<Held | undefined> => {
      const path = join(directory, kid)
      const facts = await stat(path)
      if (!facts.isFile()) return undefined
      const key = await readFile(path)
      if (key.length < leastKeyBytes)
        throw new Error(`the pepper ${path} has ${key.length} bytes; at least ${leastKeyBytes} are needed`)
      return { kid, key, sinceMs: before.get(kid)?.sinceMs ?? seenAtMs ?? facts.mtimeMs }
    }),
  )
  const found = new Map(keys.filter((key) => key !== undefined).map((key) => [key.kid, key]))
  if (found.size === 0) throw new Error(`there is no pepper in ${directory}`)
  return found
}

/**
 * For standalone, which has nobody else to do it: puts one random key into the folder unless it holds one already.
 * The file is readable by its owner only; whoever has it and the database can forge digests.
 */
export const createPepper = async (directory: string, now: Date): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const names = await readdir(directory)
  if (names.some((name) => keyIdPattern.test(name))) return
  const kid = `k${now.toISOString().slice(0, 10).replaceAll('-', '')}`
  await writeFile(join(directory, kid), randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
}
