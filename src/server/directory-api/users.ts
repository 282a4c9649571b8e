/** GET /v1/users: people as the product sees them. */

import { z } from 'zod'

import { listResources } from '#directory/list-resources.ts'
import { parseFilter } from '#scim/filter/parse.ts'
import type { Filter } from '#scim/filter/ast.ts'
import { productUser } from '#scim/product-view.ts'
import { userType } from '#scim/resource-types.ts'

import { endpoint, pageOf, pageQuery } from './endpoint.ts'
import { answerOf, pageAfter } from './page.ts'

const User = z.object({
  id: z.string().describe('SCIM id; stays the same for as long as the user exists.'),
  userName: z.string(),
  displayName: z
    .string()
    .describe('The display name; in its absence the formatted name, the names, the userName.'),
  email: z.string().nullable().describe('The first address that the identity provider lists.'),
  title: z.string().nullable(),
  department: z.string().nullable(),
  active: z.boolean(),
  archived: z.boolean().describe('Deactivated by the identity provider; kept, and restored on reactivation.'),
  incomplete: z.boolean().describe('The identity provider sends no name to show.'),
  externalId: z.string().nullable().describe('Identifier at the identity provider.'),
})

/** A user without `active` is active. */
const stateFilters: Readonly<Record<'active' | 'archived', Filter>> = {
  active: parseFilter('not (active eq false)', userType),
  archived: parseFilter('active eq false', userType),
}

export const users = endpoint({
  path: '/v1/users',
  operationId: 'listUsers',
  summary: 'People as the product sees them, ordered by id.',
  query: z.object({
    state: z.enum(['active', 'archived']).optional().describe('Only these; without it all.'),
    ...pageQuery,
  }),
  answer: pageOf(User),
  async ask(call, asked) {
    const { state } = asked
    const question = ['users', state]
    const page = await listResources(call.directory, call.tenantId, {
      targets: [{ type: userType, ...(state === undefined ? {} : { filter: stateFilters[state] }) }],
      page: pageAfter(call, question, asked),
      isCounted: false,
      signal: call.signal,
    })
    return answerOf(call, question, { page, view: productUser })
  },
})
