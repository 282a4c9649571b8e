/** The resource types that everything iterates: where each is served, its schemas, and what makes it unique. */

import type { ResourceType } from './schema.ts'
import { groupSchema } from './schemas/group.ts'
import { enterpriseUserSchema, userSchema } from './schemas/user.ts'

export { commonAttributes } from './schemas/common.ts'

export const userType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'User account',
  schema: userSchema,
  extensions: [{ schema: enterpriseUserSchema, required: false }],
  uniqueAttribute: 'userName',
  membershipsAttribute: 'groups',
}

export const groupType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Group',
  schema: groupSchema,
  extensions: [],
  uniqueAttribute: 'displayName',
  membershipAttribute: 'members',
}

export const resourceTypes: readonly ResourceType[] = [userType, groupType]

/** The type of this name, as in `meta.resourceType` and the column `resource.type`. */
export function resourceTypeNamed(name: string): ResourceType | undefined {
  return resourceTypes.find((type) => type.name === name)
}
