/** xsd:dateTime as SCIM uses it (RFC 7643 section 2.3.5): both parts present, an offset or none. */

const syntax =
  /^(?<date>\d{4}-\d{2}-\d{2})T(?<time>\d{2}:\d{2}:\d{2})(?:\.(?<fraction>\d+))?(?<zone>Z|[+\- ]\d{2}:\d{2})?$/

const earliest = Date.parse('0001-01-01T00:00:00.000Z')
const latest = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * Milliseconds since 1970 in UTC, or undefined if the text is no dateTime of the years 1 to 9999.
 * Finer fractions are cut off, since resources carry milliseconds. No offset means UTC. A space before the offset
 * is the `+` of a query string that was not encoded.
 */
export function parseDateTime(text: string): number | undefined {
  const groups = syntax.exec(text)?.groups
  if (groups === undefined) return undefined
  const { date = '', time = '', fraction = '', zone = 'Z' } = groups
  const offset = zone.replace(' ', '+')
  const moment = `${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}`
  // Date would roll the 30th of February over into March; the round trip refuses it.
  const local = new Date(`${moment}Z`)
  if (Number.isNaN(local.getTime()) || local.toISOString() !== `${moment}Z`) return undefined
  const milliseconds = Date.parse(`${moment}${offset}`)
  if (Number.isNaN(milliseconds) || milliseconds < earliest || milliseconds > latest) return undefined
  return milliseconds
}
