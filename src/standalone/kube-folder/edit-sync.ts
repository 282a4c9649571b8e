/**
 * Takes what a person did to files of the state folder as what `kubectl edit`, `apply` and `delete` would do: an
 * acknowledgement annotated to a delivery Secret, a Secret deleted, one put back from a backup.
 */
import { scanFolder } from './folder-scan.ts'
import { described } from './kinds.ts'
import { manifestManager } from './manifest-sync.ts'
import { isObjectPath, objectPath, parseObjectFile } from './object-file.ts'

import { KubeError } from '#operator/kube.ts'

import type { Kinds, ServedKind } from './kinds.ts'
import type { ObjectApi } from './object-api.ts'
import type { StoredObject } from './object-file.ts'
import type { FileEdit, ObjectStore } from './object-store.ts'
import type { KubeObject } from '#operator/kube.ts'
import type { Logger } from '#platform/log.ts'

/** Editors replace a file in two steps; only what stays away was deleted. */
const settleMs = 500

export interface EditSyncOptions {
  readonly folder: string
  readonly store: ObjectStore
  readonly api: ObjectApi
  readonly kinds: Kinds
  readonly log: Logger
  readonly now: () => Date
}

/** Returns the function that takes over what was edited since it last ran. */
export const editSync = ({ folder, store, api, kinds, log, now }: EditSyncOptions): (() => Promise<void>) => {
  let seen: ReadonlyMap<string, string> = new Map()
  const missingSince = new Map<string, number>()

  const takeOver = async (path: string, { base, text }: FileEdit): Promise<void> => {
    const edited = editedObject(kinds, path, text)
    if (edited.kind === 'problem')
      return log.warn({ path, reason: edited.message }, 'edit of a state file ignored')
    try {
      const found = base === undefined ? undefined : editedObject(kinds, path, base)
      await api.edit(edited.of, found?.kind === 'object' ? found.object : undefined, edited.object)
      log.info({ object: described(edited.object) }, 'edit of a state file taken over')
    } catch (error) {
      if (!(error instanceof KubeError)) throw error
      log.warn({ path, reason: error.message }, 'edit of a state file refused')
    }
    await store.serially(() => store.restore(path))
  }

  const removeMissing = async (present: ReadonlyMap<string, string>): Promise<void> => {
    for (const path of store.texts.keys()) {
      const found = present.has(path) ? undefined : storedAt(store, kinds, path)
      if (found === undefined) {
        missingSince.delete(path)
        continue
      }
      const since = missingSince.get(path) ?? now().getTime()
      missingSince.set(path, since)
      if (now().getTime() - since < settleMs) continue
      missingSince.delete(path)
      // What a manifest declares is deleted there; its state file only shows it.
      if (found.stored.managed.some(({ manager }) => manager === manifestManager))
        await store.serially(() => store.restore(path))
      else {
        log.info({ object: described(found.stored.object) }, 'state file deleted, and so is its object')
        await api.delete(found.kind, found.stored.object.metadata)
      }
    }
  }

  return async () => {
    const present = await scanFolder(folder, ['.yaml'])
    for (const [path, edit] of store.takeOverwritten())
      if (storedAt(store, kinds, path) !== undefined) await takeOver(path, edit)
    for (const [path, signature] of present) {
      if (!isObjectPath(path) || seen.get(path) === signature) continue
      // A note of something refused belongs to no object; its manifest is where to mend it.
      if (store.texts.has(path) && storedAt(store, kinds, path) === undefined) continue
      // Alone among writers: an older text of ours, read while a newer one is written, would look like an edit.
      const edit = await store.serially(() => store.observe(path))
      if (edit !== undefined) await takeOver(path, edit)
    }
    seen = present
    await removeMissing(present)
  }
}

type Edited =
  | { readonly kind: 'object'; readonly of: ServedKind; readonly object: KubeObject }
  | { readonly kind: 'problem'; readonly message: string }

const editedObject = (kinds: Kinds, path: string, text: string): Edited => {
  try {
    const parsed = parseObjectFile(text, path)
    if (parsed.kind === 'problem') return parsed
    const of = kinds.of(parsed.object)
    if (of === undefined) return { kind: 'problem', message: `${parsed.object.kind} is not served here` }
    if (objectPath(of.plural, parsed.object.metadata) !== path)
      return { kind: 'problem', message: `${described(parsed.object)} does not belong into this file` }
    return { kind: 'object', of, object: parsed.object }
  } catch (error) {
    return { kind: 'problem', message: error instanceof Error ? error.message : String(error) }
  }
}

const storedAt = (
  store: ObjectStore,
  kinds: Kinds,
  path: string,
): { readonly kind: ServedKind; readonly stored: StoredObject } | undefined => {
  const [namespace = '', plural, file = ''] = path.split('/')
  for (const kind of kinds.all) {
    if (kind.plural !== plural) continue
    const stored = store.get(kind, { namespace, name: file.replace(/\.yaml$/, '') })
    if (stored !== undefined) return { kind, stored }
  }
  return undefined
}
