/** The objects of a reflector, found by their key and, as in client-go's Indexer, by other texts: never by a search. */

import { keyOf } from './object-key.ts'

import type { KubeObject } from './kube.ts'

/** The texts by which an object is found beside its key; they must not depend on anything but the object. */
export type IndexOf = (object: KubeObject) => readonly string[]

export class ObjectCache {
  readonly #indexOf: IndexOf
  readonly #byKey = new Map<string, KubeObject>()
  /** Text -> key -> object. */
  readonly #byText = new Map<string, Map<string, KubeObject>>()

  constructor(indexOf: IndexOf) {
    this.#indexOf = indexOf
  }

  get byKey(): ReadonlyMap<string, KubeObject> {
    return this.#byKey
  }

  indexed(text: string): readonly KubeObject[] {
    return [...(this.#byText.get(text)?.values() ?? [])]
  }

  set(object: KubeObject): void {
    this.delete(object)
    const key = keyOf(object)
    this.#byKey.set(key, object)
    for (const text of this.#indexOf(object)) {
      const found = this.#byText.get(text) ?? new Map<string, KubeObject>()
      this.#byText.set(text, found.set(key, object))
    }
  }

  /** Deletes whatever has the key of this object. */
  delete(object: KubeObject): void {
    const key = keyOf(object)
    const known = this.#byKey.get(key)
    if (known === undefined) return
    this.#byKey.delete(key)
    for (const text of this.#indexOf(known)) {
      const found = this.#byText.get(text)
      found?.delete(key)
      if (found?.size === 0) this.#byText.delete(text)
    }
  }
}
