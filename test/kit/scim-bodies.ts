/** Bodies that tests send. */

export const urns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  patchOp: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  search: 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
}

export const aUser = (userName: string, more: object = {}): object => ({
  schemas: [urns.user],
  userName,
  active: true,
  ...more,
})

export const aGroup = (displayName: string, members: readonly string[] = []): object => ({
  schemas: [urns.group],
  displayName,
  ...(members.length === 0 ? {} : { members: members.map((value) => ({ value })) }),
})

export const aPatch = (...operations: readonly object[]): object => ({
  schemas: [urns.patchOp],
  Operations: operations,
})
