/** Weak entity tags and the conditions on them (RFC 7644 section 3.14, RFC 9110 section 13.1). */

/** The tag of a version, also `meta.version`. */
export function etagOf(version: number): string {
  return `W/"${String(version)}"`
}

/** The opaque parts of an If-Match or If-None-Match header, or `*`. */
export type EntityTags = '*' | readonly string[]

/**
 * Reads the header; weak marks do not count, since all comparison is weak here. Tags without quotes, which some
 * clients send, are taken as they stand.
 */
export function parseIfMatch(header: string): EntityTags {
  const tags = header.split(',').map((tag) => tag.trim())
  if (tags.includes('*')) return '*'
  return tags.filter((tag) => tag !== '').map((tag) => tag.replace(/^W\//iu, '').replace(/^"(.*)"$/u, '$1'))
}

/** Whether a resource of this version is among the tags: If-Match wants true, If-None-Match wants false. */
export function preconditionHolds(tags: EntityTags, version: number): boolean {
  return tags === '*' || tags.includes(String(version))
}
