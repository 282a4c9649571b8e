/** Several reflectors of one kind, each of its own namespace, seen as one. */

import type { Reflector } from './reflector.ts'

/** Disposing it disposes them all. */
export function joinReflectors(reflectors: readonly Reflector[]): Reflector {
  return {
    get(key) {
      for (const reflector of reflectors) {
        const object = reflector.get(key)
        if (object !== undefined) return object
      }
      return undefined
    },
    list: (namespace) => reflectors.flatMap((reflector) => reflector.list(namespace)),
    subscribe(listener) {
      for (const reflector of reflectors) reflector.subscribe(listener)
    },
    synced: Promise.all(reflectors.map(({ synced }) => synced)).then(() => undefined),
    get hasSynced() {
      return reflectors.every(({ hasSynced }) => hasSynced)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(reflectors.map((reflector) => reflector[Symbol.asyncDispose]()))
    },
  }
}
