/** Numbers that look random and are the same in every run: a failure can be looked at twice. */

export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  /** One of the list. */
  pick<T>(list: readonly T[]): T
  /** True in this share of the calls, 0 to 1. */
  chance(share: number): boolean
  /** `count` different ones of the list, in its order. */
  sample<T>(list: readonly T[], count: number): T[]
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string
}

/** mulberry32, by Tommy Ettinger: 32 bits of state are plenty for a cast of a few hundred. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    pick: (list) => list[below(list.length)]!,
    chance: (share) => next() < share,
    sample(list, count) {
      const left = [...list.keys()]
      const chosen = new Set(
        Array.from({ length: Math.min(count, list.length) }, () => left.splice(below(left.length), 1)[0]!),
      )
      return list.filter((_, index) => chosen.has(index))
    },
    hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join(''),
  }
}
