/**
 * A label whose number of values is bounded: the first `limit` values seen keep their name, every later one is
 * `other`. Without it a thousand tenants would cost Prometheus a thousand times the series.
 */

/** `undefined` (no tenant found) is the empty label, which Prometheus treats as absent, and counts towards nothing. */
export const boundedLabel = (limit: number): ((value: string | undefined) => string) => {
  const known = new Set<string>()
  return (value) => {
    if (value === undefined) return ''
    if (known.has(value)) return value
    if (known.size >= limit) return 'other'
    known.add(value)
    return value
  }
}
