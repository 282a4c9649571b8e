/** Limits on what a tenant may hold, checked by the statements that would exceed them. */

import { ScimError } from '#scim/errors.ts'
import { userType } from '#scim/resource-types.ts'
import type { ResourceType } from '#scim/schema.ts'
import type { NamedValues } from './prepared.ts'
import type { TenantLimits } from './tenant-settings.ts'

/** Limits on rows; what is absent is not limited. */
export type RowLimits = Partial<Pick<TenantLimits, 'maxUsers' | 'maxGroupMembers'>>

/** The values for the parameters below, for a write on a resource of this type. */
export function limitValues(type: ResourceType, limits: RowLimits = {}): NamedValues {
  return {
    max_resources: (type.name === userType.name ? limits.maxUsers : undefined) ?? null,
    max_members: limits.maxGroupMembers ?? null,
  }
}

const nameOf = { resources: 'maxUsers', members: 'maxGroupMembers' } as const

/** SQL: the amount, if it is within the limit; else the statement fails with `limitExceeded`. No limit is null. */
export function withinLimit(amount: string, limited: keyof typeof nameOf): string {
  return `within_limit(${amount}, :max_${limited}::bigint, '${nameOf[limited]}')`
}

/** SQLSTATE of within_limit(); its constraint is the name of the limit, its detail the maximum. */
export const limitExceeded = 'SC001'

const held: Readonly<Record<string, string>> = {
  [nameOf.resources]: 'This integration holds as many users as it may',
  [nameOf.members]: 'The group would hold more members than a group of this integration may',
}

/**
 * RFC 7644 table 8 has no status for a quota. 403: the operation is not permitted, and trying again does not help
 * until somebody raises the limit.
 */
export function limitRefusal(
  limit: string | undefined,
  maximum: string | undefined,
  cause: Error,
): ScimError {
  const reason = held[limit ?? ''] ?? 'A limit of this integration is reached'
  return new ScimError(403, `${reason}: ${maximum ?? ''} (spec.limits.${limit ?? ''}).`, { cause })
}
