/** An open directory on a database of its own, as a server process has it. */

import { randomUUID } from 'node:crypto'
import type { Actor } from '#directory/changes.ts'
import { createInTenant } from '#directory/create-resource.ts'
import { memberBatches } from '#directory/member-batches.ts'
import { changeMembership, type WriteFacts } from '#directory/memberships.ts'
import { readResource } from '#directory/read-resource.ts'
import { openDirectory, type Directory, type DirectoryOptions } from '#directory/database.ts'
import {
  inTenant,
  openSnapshot,
  tenantIdOf,
  type TenantId,
  type TenantScope,
} from '#directory/tenant-scope.ts'
import { groupType, userType } from '#scim/resource-types.ts'
import type { MembershipStep, ResourceData, StoredResource } from '#scim/resource.ts'
import type { ResourceType } from '#scim/schema.ts'
import { allOf } from './all-of.ts'
import { cloneDatabase, type TestDatabase } from './postgres.ts'
import type { TestServer } from './test-server.ts'

export interface TestDirectory extends AsyncDisposable {
  readonly database: TestDatabase
  /** Opened as `scim_app`, under row-level security. */
  readonly directory: Directory
  /** A tenant that is nobody else's; more of them by `newTenantId()`. */
  readonly tenant: TenantId
  /** Runs work in a transaction of a tenant, of `tenant` by default. */
  write<T>(work: (scope: TenantScope) => Promise<T>, tenant?: TenantId): Promise<T>
}

/** Who writes in tests. */
export const tester: Actor = { actor: 'tester', requestId: 'request-1' }

export function newTenantId(): TenantId {
  return tenantIdOf(randomUUID())
}

/** A user of this name, and what else the document is to hold. */
export function addUser(
  db: TestDirectory,
  userName: string,
  data: ResourceData = {},
  tenant: TenantId = db.tenant,
): Promise<StoredResource> {
  const resource = { data: { userName, ...data } }
  return createInTenant(db.directory, tenant, { type: userType, resource }, tester)
}

/** A group of this name with the members of these pushed values. */
export function addGroup(
  db: TestDirectory,
  displayName: string,
  members: readonly string[] = [],
  data: ResourceData = {},
): Promise<StoredResource> {
  const resource = { data: { displayName, ...data }, members }
  return createInTenant(db.directory, db.tenant, { type: groupType, resource }, tester)
}

/** Membership steps on a group, as a PATCH has them. */
export function step(
  db: TestDirectory,
  id: string,
  ...steps: readonly MembershipStep[]
): Promise<WriteFacts | undefined> {
  return db.write((scope) => changeMembership(scope, { type: groupType, id, steps }, tester))
}

/** The ids of the members as the wire shows them, in their order. */
export async function memberIds(db: TestDirectory, id: string): Promise<readonly string[]> {
  const group = await readResource(db.directory, db.tenant, { type: groupType, id, members: true })
  if (group?.hasManyMembers !== true) return (group?.members ?? []).map(({ value }) => value)
  await using snapshot = await openSnapshot(db.directory, db.tenant)
  return (await allOf(memberBatches(snapshot, id))).flat().map(({ value }) => value)
}

/** Version and time of a resource: what a change moves. */
export async function factsOf(
  db: TestDirectory,
  type: ResourceType,
  id: string,
): Promise<Pick<StoredResource, 'version' | 'lastModified'> | undefined> {
  const stored = await readResource(db.directory, db.tenant, { type, id })
  return stored && { version: stored.version, lastModified: stored.lastModified }
}

export async function openTestDirectory(
  options: Partial<DirectoryOptions> = {},
  server?: TestServer,
): Promise<TestDirectory> {
  const database = await cloneDatabase(server)
  const directory = await openDirectory({ url: database.appUrl, applicationName: 'test', ...options })
  const tenant = newTenantId()
  return {
    database,
    directory,
    tenant,
    write: (work, ofTenant = tenant) => inTenant(directory, ofTenant, {}, work),
    async [Symbol.asyncDispose]() {
      await directory[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
