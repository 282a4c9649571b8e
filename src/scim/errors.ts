/** The one way to refuse a request: status, scimType and two details, one for the client and one for us. */

import { messageUrns } from './urns.ts'

/** RFC 7644 table 9, and the cursor errors of RFC 9865 section 2.1. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount'

export interface ScimErrorOptions {
  readonly scimType?: ScimType
  /** Attribute path the refusal is about, for the log line. */
  readonly path?: string
  /** What only we should read. */
  readonly private?: string
  /** Whole seconds after which the client may try again (429, 503). */
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

/** Details and paths quote what the client sent; neither an answer nor a log line repeats a megabyte of it. */
const maxQuotation = 500

function clipped(text: string): string {
  return text.length <= maxQuotation ? text : `${text.slice(0, maxQuotation).toWellFormed()}…`
}

/** A refusal. `message` is the public detail; everything else is as RFC 7644 section 3.12 names it. */
export class ScimError extends Error {
  readonly status: number
  readonly scimType: ScimType | undefined
  readonly path: string | undefined
  readonly privateDetail: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, detail: string, options: ScimErrorOptions = {}) {
    super(clipped(detail), options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ScimError'
    this.status = status
    this.scimType = options.scimType
    this.path = options.path === undefined ? undefined : clipped(options.path)
    this.privateDetail = options.private
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** The Error message of RFC 7644 section 3.12; `status` is a string there. */
export interface ErrorBody {
  readonly schemas: readonly [typeof messageUrns.error]
  readonly status: string
  readonly scimType?: ScimType
  readonly detail: string
}

/** A refusal as the client reads it. */
export function toBody(error: ScimError): ErrorBody {
  return {
    schemas: [messageUrns.error],
    status: String(error.status),
    ...(error.scimType === undefined ? {} : { scimType: error.scimType }),
    detail: error.message,
  }
}
