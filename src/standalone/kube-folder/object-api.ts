/** The verbs of an API server over the store: who may change what, and what follows from it. */
import { randomUUID } from 'node:crypto'

import { admit } from './admission.ts'
import { withControllerStatus } from './gateway.ts'
import { objectAt, sameJson, without } from './json.ts'
import { described } from './kinds.ts'
import { declaredContent } from './object-file.ts'
import { serverSideApply } from './server-side-apply.ts'
import { threeWayMerge } from './three-way-merge.ts'

import { KubeError } from '#operator/kube.ts'

import type { JsonObject } from './json.ts'
import type { Kinds, ServedKind } from './kinds.ts'
import type { StoredObject } from './object-file.ts'
import type { ObjectStore } from './object-store.ts'
import type { Managed } from './server-side-apply.ts'
import type { KubeKind, KubeObject, ObjectKey } from '#operator/kube.ts'

export interface ApplyFacts {
  readonly manager: string
  readonly source?: string
  readonly force: boolean
  /** Everything is checked and nothing is written. */
  readonly isDryRun?: boolean
}

export interface Written {
  readonly object: KubeObject
  /** Fields that were dropped, since the kind does not know them. */
  readonly unknown: readonly string[]
}

export interface ObjectApi {
  create(object: KubeObject): Promise<KubeObject>
  apply(object: KubeObject, facts: ApplyFacts): Promise<Written>
  applyStatus(object: KubeObject, manager: string): Promise<KubeObject>
  setFinalizers(object: KubeObject, finalizers: readonly string[]): Promise<KubeObject>
  delete(kind: KubeKind, key: ObjectKey, uid?: string): Promise<void>
  /** Carries what a person changed between `base` and `edited` over to the object; without a base it is made. */
  edit(kind: ServedKind, base: KubeObject | undefined, edited: KubeObject): Promise<void>
  /** Sets the status of an object beside what its controller says; for what only the folder knows. */
  changeStatus(kind: ServedKind, key: ObjectKey, change: (status: JsonObject) => JsonObject): Promise<void>
  /** Deletes every object all of whose owners are gone. */
  collectGarbage(): Promise<void>
}

export const objectApi = (store: ObjectStore, kinds: Kinds, now: () => Date): ObjectApi => {
  const kindOf = (object: KubeObject): ServedKind => {
    const kind = kinds.of(object)
    if (kind === undefined)
      throw new KubeError(404, 'NotFound', `${object.apiVersion} ${object.kind} is not served here`)
    return kind
  }

  const existing = (kind: KubeKind, object: KubeObject): StoredObject => {
    const found = store.get(kind, object.metadata)
    if (found === undefined) throw new KubeError(404, 'NotFound', `there is no ${described(object)}`)
    return found
  }

  /** Stores what came out of a change, unless nothing did; an object on its way out leaves with its last finalizer. */
  const settle = async (
    kind: ServedKind,
    before: StoredObject | undefined,
    next: { readonly object: KubeObject; readonly managed: readonly Managed[] },
  ): Promise<KubeObject> => {
    const object = withControllerStatus(withGeneration(kind, before?.object, next.object), now())
    if (before !== undefined && sameJson(object, before.object) && sameJson(next.managed, before.managed))
      return before.object
    const { deletionTimestamp, finalizers = [] } = object.metadata
    if (deletionTimestamp !== undefined && finalizers.length === 0) {
      await removeWithChildren(kind, object.metadata)
      return object
    }
    return store.put(kind, { object, managed: next.managed })
  }

  const removeWithChildren = async (kind: KubeKind, key: ObjectKey): Promise<void> => {
    const served = kinds.all.find(
      ({ plural, apiVersion }) => plural === kind.plural && apiVersion === kind.apiVersion,
    )
    if (served === undefined) return
    await store.remove(served, key)
    await collect()
  }

  const remove = async (kind: KubeKind, key: ObjectKey, uid?: string): Promise<void> => {
    const found = store.get(kind, key)
    if (found === undefined || (uid !== undefined && found.object.metadata.uid !== uid)) return
    const { metadata } = found.object
    if ((metadata.finalizers ?? []).length === 0) return removeWithChildren(kind, key)
    if (metadata.deletionTimestamp !== undefined) return
    const deletionTimestamp = seconds(now())
    const generation = metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }
    await store.put(kindOf(found.object), {
      object: { ...found.object, metadata: { ...metadata, deletionTimestamp, ...generation } },
      managed: found.managed,
    })
  }

  /** Background deletion (Kubernetes, Garbage Collection): a child goes when none of its owners is left. */
  const collect = async (): Promise<void> => {
    const objects = kinds.all.flatMap((kind) => store.list(kind).map(({ object }) => ({ kind, object })))
    const alive = new Set(objects.map(({ object }) => object.metadata.uid))
    for (const { kind, object } of objects) {
      const owners = object.metadata.ownerReferences ?? []
      if (owners.length > 0 && owners.every(({ uid }) => !alive.has(uid))) await remove(kind, object.metadata)
    }
  }

  const fresh = (kind: ServedKind, object: KubeObject): Written => {
    const { status: _status, ...declared } = object
    const made: KubeObject = {
      ...declared,
      metadata: {
        name: object.metadata.name,
        namespace: object.metadata.namespace,
        ...objectAt(declaredContent(object), 'metadata'),
        uid: randomUUID(),
        creationTimestamp: seconds(now()),
        ...(kind.hasStatus ? { generation: 1 } : {}),
      },
    }
    return admit(kind, made, undefined)
  }

  const add = async (kind: ServedKind, object: KubeObject, managed: readonly Managed[]): Promise<Written> => {
    const admitted = fresh(kind, object)
    return {
      object: await settle(kind, undefined, { object: admitted.object, managed }),
      unknown: admitted.unknown,
    }
  }

  return {
    create: (object) =>
      store.serially(async () => {
        const kind = kindOf(object)
        if (store.get(kind, object.metadata) !== undefined)
          throw new KubeError(409, 'AlreadyExists', `${described(object)} exists already`)
        return (await add(kind, object, [])).object
      }),

    apply: (object, facts) =>
      store.serially(async () => {
        const kind = kindOf(object)
        const before = store.get(kind, object.metadata)
        checkIncarnation(object, before)
        const merged = merge(kind, before, object, facts)
        const { isDryRun = false } = facts
        if (before === undefined) {
          const next = reassembled(object, merged.content, undefined)
          return isDryRun ? fresh(kind, next) : add(kind, next, merged.managed)
        }
        const next = reassembled(before.object, merged.content, before.object['status'])
        const admitted = admit(kind, next, before.object)
        if (isDryRun) return admitted
        const stored = { object: admitted.object, managed: merged.managed }
        return { object: await settle(kind, before, stored), unknown: admitted.unknown }
      }),

    applyStatus: (object, manager) =>
      store.serially(async () => {
        const kind = kindOf(object)
        const before = existing(kind, object)
        checkIncarnation(object, before)
        const result = serverSideApply({
          live: { content: { status: before.object['status'] ?? {} }, managed: statusOwners(before.managed) },
          applied: { status: object['status'] ?? {} },
          manager: statusManager(manager),
          force: true,
          listKeys: kind.listKeys,
        })
        if (result.kind === 'conflict') throw new Error('a forced apply cannot conflict')
        const { object: admitted } = admit(kind, { ...before.object, ...result.content }, before.object)
        const managed = [...before.managed.filter((entry) => !isStatusOwner(entry)), ...result.managed]
        return settle(kind, before, { object: admitted, managed })
      }),

    setFinalizers: (object, finalizers) =>
      store.serially(async () => {
        const kind = kindOf(object)
        const before = existing(kind, object)
        checkIncarnation(object, before)
        const { finalizers: _finalizers, ...metadata } = before.object.metadata
        const next = { ...metadata, ...(finalizers.length === 0 ? {} : { finalizers: [...finalizers] }) }
        return settle(kind, before, { object: { ...before.object, metadata: next }, managed: before.managed })
      }),

    delete: (kind, key, uid) => store.serially(() => remove(kind, key, uid)),

    edit: (kind, base, edited) =>
      store.serially(async () => {
        const before = store.get(kind, edited.metadata)
        if (before === undefined) {
          await add(kind, edited, [])
          return
        }
        const content = threeWayMerge({
          base: declaredContent(base ?? before.object),
          edited: declaredContent(edited),
          live: declaredContent(before.object),
          listKeys: kind.listKeys,
        })
        const { object } = admit(
          kind,
          reassembled(before.object, content, before.object['status']),
          before.object,
        )
        await settle(kind, before, { object, managed: before.managed })
      }),

    changeStatus: (kind, key, change) =>
      store.serially(async () => {
        const before = store.get(kind, key)
        if (before === undefined) return
        const status = change(objectAt(before.object, 'status'))
        await settle(kind, before, { object: { ...before.object, status }, managed: before.managed })
      }),

    collectGarbage: () => store.serially(collect),
  }
}

/** Server-side apply of what the object declares; throws Conflict naming fields and managers. */
const merge = (kind: ServedKind, before: StoredObject | undefined, object: KubeObject, facts: ApplyFacts) => {
  const managed = before?.managed ?? []
  const result = serverSideApply({
    live: {
      content: before === undefined ? {} : declaredContent(before.object),
      managed: managed.filter((entry) => !isStatusOwner(entry)),
    },
    applied: declaredContent(object),
    manager: facts.manager,
    ...(facts.source === undefined ? {} : { source: facts.source }),
    force: facts.force,
    listKeys: kind.listKeys,
  })
  if (result.kind === 'conflict')
    throw new KubeError(
      409,
      'Conflict',
      `${described(object)}: ${result.fields.join(', ')} belong to ${result.managers.join(', ')}`,
    )
  return { content: result.content, managed: [...result.managed, ...statusOwners(managed)] }
}

/** The identity and server-side facts of one object with the declared content of another. */
const reassembled = (identity: KubeObject, content: JsonObject, status: unknown): KubeObject => {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } =
    identity.metadata
  const facts = { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp }
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
  return {
    apiVersion: identity.apiVersion,
    kind: identity.kind,
    ...without(content, 'metadata'),
    // Who it is comes first, for whoever reads the file.
    metadata: { name, namespace, ...objectAt(content, 'metadata'), ...known },
    ...(status === undefined ? {} : { status }),
  }
}

/** An object that names a version or uid is about that one and no other (Kubernetes, optimistic concurrency). */
const checkIncarnation = (object: KubeObject, before: StoredObject | undefined): void => {
  const { uid, resourceVersion } = object.metadata
  const live = before?.object.metadata
  if (uid !== undefined && uid !== live?.uid)
    throw new KubeError(409, 'Conflict', `${described(object)} is not the one with uid ${uid}`)
  if (resourceVersion !== undefined && resourceVersion !== live?.resourceVersion)
    throw new KubeError(409, 'Conflict', `${described(object)} was changed since version ${resourceVersion}`)
}

/** The generation counts changes of what is declared, metadata aside. */
const withGeneration = (kind: ServedKind, before: KubeObject | undefined, next: KubeObject): KubeObject => {
  if (!kind.hasStatus || before === undefined) return next
  if (sameJson(specOf(before), specOf(next))) return next
  return { ...next, metadata: { ...next.metadata, generation: (before.metadata.generation ?? 1) + 1 } }
}

const specOf = (object: KubeObject): JsonObject => without(without({ ...object }, 'metadata'), 'status')

/** Who owns fields of the status is kept apart by name: the same manager applies both, each as a whole. */
const statusManager = (manager: string): string => `${manager}/status`
const isStatusOwner = ({ manager }: Managed): boolean => manager.endsWith('/status')
const statusOwners = (managed: readonly Managed[]): readonly Managed[] => managed.filter(isStatusOwner)

/** Kubernetes keeps times of objects to the second. */
const seconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z')
