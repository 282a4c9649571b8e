/** GET /v1/groups: groups by name. */

import { z } from 'zod'

import { listResources } from '#directory/list-resources.ts'
import { productGroup } from '#scim/product-view.ts'
import { groupType } from '#scim/resource-types.ts'

import { endpoint, pageOf, pageQuery } from './endpoint.ts'
import { answerOf, pageAfter } from './page.ts'

const Group = z.object({
  id: z.string().describe('SCIM id; stays the same for as long as the group exists.'),
  displayName: z.string(),
  externalId: z.string().nullable().describe('Identifier at the identity provider.'),
})

const question = ['groups']

export const groups = endpoint({
  path: '/v1/groups',
  operationId: 'listGroups',
  summary: 'Groups, ordered by id.',
  query: z.object(pageQuery),
  answer: pageOf(Group),
  async ask(call, asked) {
    const page = await listResources(call.directory, call.tenantId, {
      targets: [{ type: groupType }],
      page: pageAfter(call, question, asked),
      isCounted: false,
      signal: call.signal,
    })
    return answerOf(call, question, { page, view: productGroup })
  },
})
