/** Several reflectors of one kind, each of its own namespace, seen as one. */

import type { Reflector } from './reflector.ts'

/** By the namespace that each follows. Disposing it disposes them all. */
export function joinReflectors(byNamespace: ReadonlyMap<string, Reflector>): Reflector {
  const reflectors = [...byNamespace.values()]
  return {
    get: (key) => byNamespace.get(key.namespace)?.get(key),
    list: (namespace) =>
      namespace === undefined
        ? reflectors.flatMap((reflector) => reflector.list())
        : (byNamespace.get(namespace)?.list() ?? []),
    indexed: (text) => reflectors.flatMap((reflector) => reflector.indexed(text)),
    subscribe(listener) {
      const subscriptions = reflectors.map((reflector) => reflector.subscribe(listener))
      return {
        [Symbol.dispose]() {
          for (const subscription of subscriptions) subscription[Symbol.dispose]()
        },
      }
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
