/**
 * Keeps the objects as the manifests say: what is declared is applied, what is declared no more is deleted, what
 * cannot be understood keeps its last good state and is reported.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { InvalidObject } from './admission.ts'
import { scanFolder } from './folder-scan.ts'
import { described } from './kinds.ts'
import { parseManifest } from './manifest-file.ts'
import { objectPath } from './object-file.ts'

import type { Kinds, ServedKind } from './kinds.ts'
import type { ManifestFile } from './manifest-file.ts'
import type { ManifestReport, Problem } from './manifest-report.ts'
import type { ObjectApi } from './object-api.ts'
import type { StoredObject } from './object-file.ts'
import type { ObjectStore } from './object-store.ts'
import type { KubeObject } from '#operator/kube.ts'

/** The field manager of what manifests declare. */
export const manifestManager = 'manifests'

/**
 * How long an object must be missing before it is deleted: editors replace a file in two steps, and a file that is
 * being written is empty for a moment.
 */
const settleMs = 500

const endings = ['.yaml', '.yml', '.json']

export interface ManifestSyncOptions {
  readonly root: string
  readonly store: ObjectStore
  readonly api: ObjectApi
  readonly kinds: Kinds
  readonly report: ManifestReport
  readonly now: () => Date
}

interface Declared {
  readonly kind: ServedKind
  readonly object: KubeObject
  readonly source: string
}

interface KnownFile {
  readonly signature: string
  readonly file: ManifestFile
}

/** Returns the function that brings the objects up to the manifests; it remembers what it has read and applied. */
export const manifestSync = (options: ManifestSyncOptions): (() => Promise<void>) => {
  const { root, store, api, kinds, report, now } = options
  let files: ReadonlyMap<string, KnownFile> = new Map()
  /** What an object looked like, and what was declared, when it was last applied; the same again needs no look. */
  const settled = new Map<string, { readonly version: string | undefined; readonly object: KubeObject }>()
  const missingSince = new Map<string, number>()

  const apply = async (path: string, { kind, object, source }: Declared): Promise<void> => {
    const before = settled.get(path)
    if (before?.object === object && before.version === versionOf(store.get(kind, object.metadata))) return
    const problem = await applied(api, object, source)
    await report.ofObject(kind, object, problem)
    settled.set(path, { object, version: versionOf(store.get(kind, object.metadata)) })
  }

  /** Returns the paths of objects that stay only because their file cannot be understood. */
  const removeMissing = async (declared: ReadonlyMap<string, Declared>): Promise<readonly string[]> => {
    const kept: string[] = []
    for (const { kind, stored, source } of ownedByManifests(store, kinds)) {
      const path = objectPath(kind.plural, stored.object.metadata)
      const problems = files.get(source)?.file.problems ?? []
      if (declared.has(path)) {
        missingSince.delete(path)
      } else if (problems.length > 0) {
        // Which of its documents was this object's cannot be known.
        await report.ofObject(kind, stored.object, { reason: 'Unreadable', message: problems.join('; ') })
        kept.push(path)
      } else {
        const since = missingSince.get(path) ?? now().getTime()
        missingSince.set(path, since)
        if (now().getTime() - since < settleMs) continue
        missingSince.delete(path)
        await api.delete(kind, stored.object.metadata)
      }
    }
    return kept
  }

  return async () => {
    files = await readFiles(root, files)
    const { declared, problems } = declaredIn(files, kinds, store)
    report.ofFiles(problems)
    for (const [path, declaration] of declared) await apply(path, declaration)
    const kept = await removeMissing(declared)
    for (const path of settled.keys()) if (!declared.has(path)) settled.delete(path)
    await report.forgetAllBut(new Set([...declared.keys(), ...kept]))
  }
}

const versionOf = (stored: StoredObject | undefined): string | undefined =>
  stored?.object.metadata.resourceVersion

/** Applies, and says what a person should know about it. */
const applied = async (api: ObjectApi, object: KubeObject, source: string): Promise<Problem | undefined> => {
  try {
    const { unknown } = await api.apply(object, { manager: manifestManager, source, force: true })
    if (unknown.length === 0) return undefined
    const fields = unknown.join(', ')
    return { reason: 'UnknownFields', message: `${source}: ${fields} is not known and was left out` }
  } catch (error) {
    if (!(error instanceof InvalidObject)) throw error
    return { reason: 'Invalid', message: `${source}: ${error.message}` }
  }
}

const readFiles = async (
  root: string,
  before: ReadonlyMap<string, KnownFile>,
): Promise<ReadonlyMap<string, KnownFile>> => {
  const files = new Map<string, KnownFile>()
  for (const [path, signature] of await scanFolder(root, endings)) {
    const known = before.get(path)
    if (known?.signature === signature) files.set(path, known)
    else files.set(path, { signature, file: await readManifest(root, path) })
  }
  return files
}

const readManifest = async (root: string, path: string): Promise<ManifestFile> => {
  try {
    return parseManifest(path, await readFile(join(root, path), 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { path, objects: [], problems: [`${path} cannot be read: ${reason}`] }
  }
}

/** Every object once, by its path; of duplicates the one that is in force stays, else the first by file name. */
const declaredIn = (files: ReadonlyMap<string, KnownFile>, kinds: Kinds, store: ObjectStore) => {
  const declared = new Map<string, Declared>()
  const problems = [...files.values()].flatMap(({ file }) => file.problems)
  for (const { file } of files.values()) {
    for (const object of file.objects) {
      // A namespace is a folder here and needs no object; manifests for a cluster often bring one.
      if (object.kind === 'Namespace') continue
      const kind = kinds.of(object)
      if (kind === undefined) {
        problems.push(`${file.path}: ${object.apiVersion} ${object.kind} is not served here`)
        continue
      }
      const path = objectPath(kind.plural, object.metadata)
      const other = declared.get(path)
      const declaration = { kind, object, source: file.path }
      if (other === undefined) {
        declared.set(path, declaration)
        continue
      }
      const isInForce = sourceOf(store.get(kind, object.metadata)) === file.path && other.source !== file.path
      if (isInForce) declared.set(path, declaration)
      const [used, ignored] = isInForce ? [declaration, other] : [other, declaration]
      problems.push(
        `${described(object)} is declared twice: in ${used.source}, which holds, and in ${ignored.source}, which is ignored`,
      )
    }
  }
  return { declared, problems }
}

const sourceOf = (stored: StoredObject | undefined): string | undefined =>
  stored?.managed.find(({ manager }) => manager === manifestManager)?.source

const ownedByManifests = (store: ObjectStore, kinds: Kinds) =>
  kinds.all.flatMap((kind) =>
    store.list(kind).flatMap((stored) => {
      const source = sourceOf(stored)
      return source === undefined ? [] : [{ kind, stored, source }]
    }),
  )
