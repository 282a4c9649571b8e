/**
 * The port through which the operator sees Kubernetes: the folder adapter (standalone) and the cluster adapter
 * implement it, and the reconcile code knows no difference. Objects are plain JSON, as the API serves them.
 */

export interface ObjectMeta {
  readonly name: string
  readonly namespace: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly ownerReferences?: readonly OwnerReference[]
}

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** Any namespaced object. `spec`, `status`, `data`, … are read by whoever knows the kind. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

/** Which kind a call is about: `{apiVersion: 'v1', kind: 'Secret', plural: 'secrets'}`. */
export interface KubeKind {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
}

export interface ObjectKey {
  readonly namespace: string
  readonly name: string
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

export interface ListOptions extends CallOptions {
  readonly namespace?: string
  /** Equality selector, all must hold. */
  readonly labels?: Readonly<Record<string, string>>
}

export interface ObjectList {
  readonly items: readonly KubeObject[]
  /** Where a watch that misses nothing starts. */
  readonly resourceVersion: string
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string
  /** True for children we own; false for objects others may own: a conflict is refused. */
  readonly force: boolean
}

/** An event for people: one per change, never to drive automation (Kubernetes API conventions, Events). */
export interface EventNote {
  readonly regarding: KubeObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly action: string
  /** At most 1,024 characters. */
  readonly note: string
}

export interface Kube {
  /** Where lists and watches must say which of these namespaces they mean; without it everything may be read. */
  readonly namespaces?: readonly string[]
  get(kind: KubeKind, key: ObjectKey, options?: CallOptions): Promise<KubeObject | undefined>
  list(kind: KubeKind, options?: ListOptions): Promise<ObjectList>
  /**
   * Events after `resourceVersion` until the signal aborts or the stream ends; throws KubeError `Expired` (410) when
   * the version is too old, upon which the caller lists again. After any other KubeError it may go on where it was.
   */
  watch(
    kind: KubeKind,
    options: ListOptions & { readonly resourceVersion: string },
  ): AsyncIterable<WatchEvent>
  /** Create; KubeError `AlreadyExists` (409) if the name is taken. For objects that must not be overwritten. */
  create(object: KubeObject, options?: CallOptions): Promise<KubeObject>
  /** Server-side apply: the fields of `object` become ours, fields applied before and absent now go. */
  apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject>
  /** Apply as a dry run: throws what it would throw, and writes nothing. */
  tryApply(object: KubeObject, options: ApplyOptions): Promise<void>
  /** Server-side apply of `/status`, forced; with a uid, only of that incarnation: KubeError `Conflict` (409) of another. */
  applyStatus(
    object: KubeObject,
    options: { readonly fieldManager: string } & CallOptions,
  ): Promise<KubeObject>
  /** Merge patch of finalizers under the object's resourceVersion; KubeError `Conflict` (409) if it moved. */
  setFinalizers(
    object: KubeObject,
    kind: KubeKind,
    finalizers: readonly string[],
    options?: CallOptions,
  ): Promise<KubeObject>
  /** Deletes; no error if it is gone. With `uid`, only that incarnation. */
  delete(kind: KubeKind, key: ObjectKey, options?: { readonly uid?: string } & CallOptions): Promise<void>
  recordEvent(event: EventNote): void
  /** Whether the API serves this kind (Gateway API may be absent). */
  serves(kind: KubeKind, options?: CallOptions): Promise<boolean>
}

export type KubeReason =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Expired'
  | 'Invalid'
  | 'Forbidden'
  | 'Unauthorized'
  | 'TooManyRequests'
  | 'Unavailable'
  | 'Unknown'

/** A refusal by the API, classified by `Status.reason` and code, never by message. */
export class KubeError extends Error {
  /** The HTTP status; 0 if there was no answer. */
  readonly code: number
  readonly reason: KubeReason
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: number,
    reason: KubeReason,
    message: string,
    options: { readonly retryAfterSeconds?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KubeError'
    this.code = code
    this.reason = reason
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Whether the API would say the same again: it lacks rights, or a schema, a quota or an admission policy is against it. */
export function isRefusal(error: unknown): error is KubeError {
  return error instanceof KubeError && [400, 403, 422].includes(error.code)
}

/** How long the API asked to be left alone, in milliseconds; 0 if it did not. */
export function retryAfterMs(error: unknown): number {
  return error instanceof KubeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
}
