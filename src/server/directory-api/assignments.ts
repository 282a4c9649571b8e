/** GET /v1/assignments: who holds what, by which rule of which policy. */

import { z } from 'zod'

import { listAssignments } from '#directory/assignments.ts'

import { endpoint, pageOf, pageQuery } from './endpoint.ts'
import { cursorAt, keysIn } from './page.ts'

const Assignment = z.object({
  user: z.string().describe('SCIM id of the user.'),
  policy: z.string().describe('Name of the policy.'),
  value: z.string(),
  rule: z.string().nullable().describe("The rule that gave it; null where the policy's default did."),
  since: z.iso.datetime(),
})

export const assignments = endpoint({
  path: '/v1/assignments',
  operationId: 'listAssignments',
  summary: 'Who holds what, by which rule; ordered by policy, user and value.',
  query: z.object({
    user: z.uuid().exactOptional().describe('Only what this user holds.'),
    policy: z.string().max(253).exactOptional().describe('Only by this policy (its name).'),
    value: z.string().max(63).exactOptional().describe('Only this value.'),
    ...pageQuery,
  }),
  answer: pageOf(Assignment),
  async ask(call, { limit, cursor, ...asked }) {
    const question = ['assignments', asked.user, asked.policy, asked.value]
    const after = cursor === undefined ? undefined : positionIn(keysIn(call, question, cursor))
    const found = await listAssignments(
      call.directory,
      call.tenantId,
      { ...asked, ...(after === undefined ? {} : { after }), limit: limit + 1 },
      { signal: call.signal },
    )
    // One more than asked for tells whether there is another page.
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      items: page.map(({ userId, policy, value, rule, since }) => ({
        user: userId,
        policy,
        value,
        rule,
        since: since.toISOString(),
      })),
      next:
        found.length > limit && last !== undefined
          ? cursorAt(call, question, [last.policyId, last.userId, last.value])
          : null,
    }
  },
})

const positionIn = ([policyId = '', userId = '', value = '']: readonly string[]) => ({
  policyId,
  userId,
  value,
})
