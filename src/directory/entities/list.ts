/** Every entity of the directory: one for each table of its schema. */

import { Assignment } from './assignment.ts'
import { Change } from './change.ts'
import { Email } from './email.ts'
import { FeedEpoch } from './feed-epoch.ts'
import { Membership } from './membership.ts'
import { OperatorEpoch } from './operator-epoch.ts'
import { PendingMember } from './pending-member.ts'
import { Pending } from './pending.ts'
import { PolicyPin } from './policy-pin.ts'
import { PolicyRule } from './policy-rule.ts'
import { PolicyState } from './policy-state.ts'
import { Policy } from './policy.ts'
import { ResourceCount } from './resource-count.ts'
import { Resource } from './resource.ts'
import { Revocation } from './revocation.ts'
import { TenantHost } from './tenant-host.ts'
import { Tenant } from './tenant.ts'
import { TokenTenant } from './token-tenant.ts'
import { Token } from './token.ts'

export const entities = [
  Assignment,
  Change,
  Email,
  FeedEpoch,
  Membership,
  OperatorEpoch,
  PendingMember,
  Pending,
  PolicyPin,
  PolicyRule,
  PolicyState,
  Policy,
  ResourceCount,
  Resource,
  Revocation,
  TenantHost,
  Tenant,
  TokenTenant,
  Token,
] as const
