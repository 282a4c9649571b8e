/** Reads a JSON body: bounded in bytes and depth, strict about UTF-8. */

import type { IncomingMessage } from 'node:http'

import { ScimError } from '#scim/errors.ts'
import type { Json } from '#scim/json.ts'

import { refuseForeignBody } from './media-type.ts'

/** SCIM bodies nest eight deep; more only costs stack. */
const maxDepth = 32

/** After the limit this much more is read and thrown away, so that the sender gets to see the answer. */
const politenessFactor = 4

/** The parsed body. Throws 413, 415 or 400 (`invalidSyntax`, `invalidValue`); never holds more than `maxBytes`. */
export const readJson = async (request: IncomingMessage, maxBytes: number): Promise<Json> => {
  refuseForeignBody(request.headers['content-type'], request.headers['content-encoding'])
  const bytes = await readBytes(request, maxBytes)
  const value = parse(decode(bytes))
  refuseDepth(value, 0)
  return value
}

const tooLarge = (maxBytes: number): ScimError =>
  new ScimError(413, `The body is larger than the limit of ${maxBytes} bytes.`)

const readBytes = (request: IncomingMessage, maxBytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes * politenessFactor) {
      reject(tooLarge(maxBytes))
      return
    }
    let chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBytes) chunks.push(chunk)
      else chunks = []
      if (length > maxBytes * politenessFactor) reject(tooLarge(maxBytes))
    })
    request.once('end', () => {
      if (length > maxBytes) reject(tooLarge(maxBytes))
      else resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks))
    })
    request.once('error', reject)
    request.once('close', () => {
      // It closes behind every body; an error that nobody sees would cost its stack.
      if (!request.complete)
        reject(new ScimError(400, 'The body ended early.', { scimType: 'invalidSyntax' }))
    })
  })

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

const decode = (bytes: Buffer): string => {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw new ScimError(400, 'The body is not UTF-8.', { scimType: 'invalidSyntax', cause })
  }
}

const parse = (text: string): Json => {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch (cause) {
    const detail = text.trim() === '' ? 'The body is empty; JSON is expected.' : 'The body is not valid JSON.'
    throw new ScimError(400, detail, { scimType: 'invalidSyntax', private: String(cause), cause })
  }
}

/** Deep nesting costs stack in whatever walks the value later; this walk ends where it begins to. */
const refuseDepth = (value: Json, depth: number): void => {
  if (typeof value !== 'object' || value === null) return
  if (depth >= maxDepth)
    throw new ScimError(400, `The body nests deeper than ${maxDepth} levels.`, { scimType: 'invalidSyntax' })
  for (const child of Object.values(value)) refuseDepth(child, depth + 1)
}
