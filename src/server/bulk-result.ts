/** What became of one operation of a bulk request, as the response tells it (RFC 7644 section 3.7.3). */

import type { BulkOperation, Label } from '#scim/bulk/parse.ts'
import { toBody } from '#scim/errors.ts'
import type { ErrorBody, ScimError } from '#scim/errors.ts'

import type { Call } from './call.ts'

export interface BulkResult {
  readonly method?: string
  readonly bulkId?: string
  /** Absent for a POST that failed: there is nothing. */
  readonly location?: string
  /** Entity tag of the resource as the operation left it. */
  readonly version?: string
  readonly status: string
  /** Only of a failure: whoever wants to see a resource reads it. */
  readonly response?: ErrorBody
}

/** What a single request would have been answered. */
export interface Done {
  readonly status: number
  readonly location: string
  readonly version?: string
}

export const resultOf = (operation: BulkOperation, { status, ...where }: Done): BulkResult => ({
  ...headOf(operation),
  ...where,
  status: String(status),
})

export const refusedResult = (call: Call, operation: Label, refusal: ScimError): BulkResult => ({
  ...headOf(operation),
  ...(operation.method === 'POST' || operation.path === undefined
    ? {}
    : { location: locationAt(call, operation.path) }),
  status: String(refusal.status),
  response: toBody(refusal),
})

/** "A "location" attribute that includes the resource's endpoint MUST be returned". */
export const locationAt = ({ baseURL }: Call, path: string): string =>
  `${baseURL}${path.startsWith('/') ? '' : '/'}${path}`

const headOf = ({ method, bulkId }: Label): Pick<BulkResult, 'method' | 'bulkId'> => ({
  ...(method === undefined ? {} : { method }),
  ...(bulkId === undefined ? {} : { bulkId }),
})
