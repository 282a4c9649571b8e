/** A bounded memory of what Postgres said a moment ago: least recently used goes first, everything goes on `flush`. */

export interface CacheOptions {
  readonly maxEntries: number
  /** An answer is never used for longer than this after it was asked for. */
  readonly maxAgeMs: number
  /** A clock in milliseconds that never goes back; `performance.now` unless told. */
  readonly now?: () => number
}

export interface Cache<T> {
  /** The remembered answer, or the one that `load` gives; callers that ask at the same time share one load. */
  get(key: string, load: () => Promise<T>): Promise<T>
  /** Forgets everything, also what is being loaded now: it may have been read before the change. */
  flush(): void
}

interface Entry<T> {
  readonly value: Promise<T>
  readonly until: number
}

/** A failed load is not remembered. */
export const createCache = <T>(options: CacheOptions): Cache<T> => {
  const now = options.now ?? (() => performance.now())
  let entries = new Map<string, Entry<T>>()

  const remember = (key: string, value: Promise<T>): Promise<T> => {
    const into = entries
    const entry = { value, until: now() + options.maxAgeMs }
    into.set(key, entry)
    if (into.size > options.maxEntries) {
      const oldest = into.keys().next()
      if (oldest.done !== true) into.delete(oldest.value)
    }
    value.catch(() => {
      if (into.get(key) === entry) into.delete(key)
    })
    return value
  }

  return {
    get(key, load) {
      const entry = entries.get(key)
      if (entry === undefined || entry.until <= now()) {
        entries.delete(key)
        return remember(key, load())
      }
      // Moved to the end, so that names asked for once cannot push out those in use; not while nothing is near to it.
      if (entries.size > options.maxEntries / 2) {
        entries.delete(key)
        entries.set(key, entry)
      }
      return entry.value
    },
    flush() {
      entries = new Map()
    },
  }
}
