/** Which media types come in and which go out (RFC 7644 section 3.8, RFC 9110 section 12.5.1). */

import { Refusal } from './refusal.ts'

export const scimJson = 'application/scim+json'
export const plainJson = 'application/json'

export type AnswerType = typeof scimJson | typeof plainJson

/** `text/json` is what some templates of OneLogin and of Microsoft's validator send. */
const acceptedTypes: ReadonlySet<string> = new Set([scimJson, plainJson, 'text/json'])
/** US-ASCII is UTF-8 that never leaves 7 bits. */
const acceptedCharsets: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii'])

/** Throws 415 for a body that is not JSON in UTF-8; a missing Content-Type is taken for JSON. */
export const refuseForeignBody = (contentType: string | undefined, encoding: string | undefined): void => {
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity' && encoding.trim() !== '')
    throw new Refusal(415, `The content encoding "${encoding}" is not supported; send the body as it is.`)
  // The two that nearly every request carries need no parse.
  if (contentType === undefined || contentType === scimJson || contentType === plainJson) return
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase())
  if (type !== '' && !acceptedTypes.has(type))
    throw new Refusal(415, `The content type "${type}" is not supported; send ${scimJson} or ${plainJson}.`, {
      headers: { accept: `${scimJson}, ${plainJson}` },
    })
  for (const parameter of parameters) {
    const charset = /^charset=(["']?)([^"']*)\1$/.exec(parameter)?.[2]
    if (charset !== undefined && !acceptedCharsets.has(charset))
      throw new Refusal(
        415,
        `The charset "${charset}" is not supported; SCIM is UTF-8 (RFC 7644 section 3.8).`,
      )
  }
}

/**
 * What to answer: `application/scim+json`, unless `application/json` is preferred by name. An Accept that allows
 * neither is not refused: RFC 9110 lets a server disregard it, and an answer helps more than a 406.
 */
export const answerTypeFor = (accept: string | undefined): AnswerType => {
  if (accept === undefined || accept === scimJson || accept === '*/*') return scimJson
  if (accept === plainJson) return plainJson
  const qualities = new Map(accept.split(',').map(mediaRange))
  const json = qualities.get(plainJson)
  if (json === undefined || json === 0) return scimJson
  return json > (qualities.get(scimJson) ?? 0) ? plainJson : scimJson
}

const mediaRange = (range: string): readonly [string, number] => {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  const value = quality === undefined ? 1 : Number(quality.slice(2))
  return [type, Number.isNaN(value) ? 1 : value]
}
