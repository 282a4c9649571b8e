/**
 * The objects: in memory for reading, a file each for keeping, a bounded history for watches. Writers go one after the
 * other; a change is on the disk before anyone sees it.
 */
import { readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { isLeftover, readIfThere, removeDurably, writeAtomically } from './atomic-file.ts'
import { isObjectPath, objectPath, parseObjectFile, printObjectFile } from './object-file.ts'

import type { Kinds, ServedKind } from './kinds.ts'
import type { StoredObject } from './object-file.ts'
import type { KubeKind, KubeObject, ObjectKey } from '#operator/kube.ts'

/** A change as watches see it; `before` tells a watch with a selector whether the object left its view. */
export interface Change {
  readonly version: number
  readonly kind: ServedKind
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubeObject
  readonly before: KubeObject | undefined
}

export interface ObjectStore {
  get(kind: KubeKind, key: ObjectKey): StoredObject | undefined
  /** By namespace and name. */
  list(kind: KubeKind): readonly StoredObject[]
  /** Runs alone among writers. */
  serially<T>(work: () => Promise<T>): Promise<T>
  /** Stores under a new resourceVersion; only inside `serially`. */
  put(kind: ServedKind, next: StoredObject): Promise<KubeObject>
  /** Only inside `serially`. */
  remove(kind: ServedKind, key: ObjectKey): Promise<void>
  readonly version: number
  /** Changes after a version, or undefined if they are no longer known. */
  changesAfter(version: number): readonly Change[] | undefined
  /** Calls after each change until disposed. */
  subscribe(onChange: () => void): Disposable
  /** The text last written to (or found in) each file, by path below the folder. */
  readonly texts: ReadonlyMap<string, string>
  /** Writes a file beside the objects' own, or removes it (undefined): what was refused and is no object. */
  note(path: string, text: string | undefined): Promise<void>
  /** Writes the object's file anew as it is stored. */
  restore(path: string): Promise<void>
  /** The text of a file that is not as it was last written, else undefined; it counts as known from now on. */
  observe(path: string): Promise<FileEdit | undefined>
  /** Edits that a write found in its way, by path: each is handed out once. */
  takeOverwritten(): ReadonlyMap<string, FileEdit>
}

/** What a person made of a file. */
export interface FileEdit {
  /** What they found; undefined if the file is new. */
  readonly base: string | undefined
  readonly text: string
}

export interface StoreOptions {
  readonly folder: string
  readonly kinds: Kinds
  /** Changes kept for watches; older watches must list again. */
  readonly historyLimit?: number
}

/** How many versions are reserved at once, so that the counter is written rarely and never goes back. */
const versionBlock = 1000

/** Reads all files; throws, naming the file, if one cannot be read: an object taken for absent would be made anew. */
export const openObjectStore = async (options: StoreOptions): Promise<ObjectStore> => {
  const { folder, historyLimit = 2000 } = options
  const { objects, texts } = await load(options)
  const versionFile = join(folder, 'resource-version')
  let version = Number((await readIfThere(versionFile)) ?? 0)
  let reserved = version
  /** The last version whose change no watch can be told any more. */
  let forgotten = version
  const history: Change[] = []
  const subscribers = new Set<() => void>()
  let overwritten = new Map<string, FileEdit>()
  let last: Promise<unknown> = Promise.resolve()

  const nextVersion = async (): Promise<number> => {
    if (version + 1 > reserved) {
      await writeAtomically(versionFile, `${version + versionBlock}\n`)
      reserved = version + versionBlock
    }
    version += 1
    return version
  }
  const publish = (change: Change): void => {
    history.push(change)
    if (history.length > historyLimit) forgotten = history.shift()?.version ?? forgotten
    for (const onChange of subscribers) onChange()
  }
  const write = async (path: string, text: string | undefined): Promise<void> => {
    if (text === undefined) {
      texts.delete(path)
      return removeDurably(join(folder, path))
    }
    const found = await readIfThere(join(folder, path))
    const base = texts.get(path)
    if (found !== undefined && base !== undefined && found !== base)
      overwritten.set(path, { base, text: found })
    // Known before it is there, so that whoever looks at the folder meanwhile does not take it for an edit.
    texts.set(path, text)
    await writeAtomically(join(folder, path), text)
  }
  forgotten = await nextVersion()

  return {
    texts,
    note: write,
    async restore(path) {
      const stored = objects.get(path)?.stored
      if (stored === undefined) return
      const text = printObjectFile(stored)
      texts.set(path, text)
      await writeAtomically(join(folder, path), text)
    },
    async observe(path) {
      const text = await readIfThere(join(folder, path))
      const base = texts.get(path)
      if (text === undefined || text === base) return undefined
      texts.set(path, text)
      return { base, text }
    },
    takeOverwritten() {
      const taken = overwritten
      overwritten = new Map()
      return taken
    },
    get version() {
      return version
    },
    get: (kind, key) => objects.get(objectPath(kind.plural, key))?.stored,
    list: (kind) =>
      [...objects.values()]
        .filter((entry) => entry.kind.plural === kind.plural && entry.kind.apiVersion === kind.apiVersion)
        .map(({ stored }) => stored)
        .toSorted((a, b) => compareKeys(a.object.metadata, b.object.metadata)),
    serially(work) {
      const result = last.then(work, work)
      last = result.catch(() => undefined)
      return result
    },
    async put(kind, next) {
      const path = objectPath(kind.plural, next.object.metadata)
      const before = objects.get(path)?.stored.object
      const changeVersion = await nextVersion()
      const metadata = { ...next.object.metadata, resourceVersion: String(changeVersion) }
      const object: KubeObject = { ...next.object, metadata }
      const stored = { object, managed: next.managed }
      await write(path, printObjectFile(stored))
      objects.set(path, { kind, stored })
      const type = before === undefined ? 'ADDED' : 'MODIFIED'
      publish({ version: changeVersion, kind, type, object, before })
      return object
    },
    async remove(kind, key) {
      const path = objectPath(kind.plural, key)
      const before = objects.get(path)?.stored.object
      if (before === undefined) return
      const changeVersion = await nextVersion()
      await write(path, undefined)
      objects.delete(path)
      const metadata = { ...before.metadata, resourceVersion: String(changeVersion) }
      publish({ version: changeVersion, kind, type: 'DELETED', object: { ...before, metadata }, before })
    },
    changesAfter(after) {
      return after < forgotten ? undefined : history.filter((change) => change.version > after)
    },
    subscribe(onChange) {
      subscribers.add(onChange)
      return { [Symbol.dispose]: () => void subscribers.delete(onChange) }
    },
  }
}

interface Entry {
  readonly kind: ServedKind
  readonly stored: StoredObject
}

const load = async ({ folder, kinds }: StoreOptions) => {
  const objects = new Map<string, Entry>()
  const texts = new Map<string, string>()
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  for (const path of names) {
    if (isLeftover(path)) await rm(join(folder, path), { force: true })
    if (!isObjectPath(path)) continue
    const text = await readFile(join(folder, path), 'utf8')
    const parsed = parseObjectFile(text, join(folder, path))
    const kind = parsed.kind === 'object' ? kinds.of(parsed.object) : undefined
    // Without a uid it is a note of something refused, no object.
    if (parsed.kind !== 'object' || kind === undefined || parsed.object.metadata.uid === undefined) continue
    if (objectPath(kind.plural, parsed.object.metadata) !== path) continue
    texts.set(path, text)
    objects.set(path, { kind, stored: { object: parsed.object, managed: parsed.managed } })
  }
  return { objects, texts }
}

const compareKeys = (a: ObjectKey, b: ObjectKey): number =>
  compareText(a.namespace, b.namespace) || compareText(a.name, b.name)

const compareText = (a: string, b: string): number => {
  if (a === b) return 0
  return a < b ? -1 : 1
}
