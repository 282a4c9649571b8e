/** GET /v1/explain: why one user holds what the user holds, or does not. */

import { z } from 'zod'

import { explainUser } from '#directory/explanation.ts'
import type { PolicyExplanation } from '#directory/explanation.ts'
import { ScimError } from '#scim/errors.ts'

import { endpoint } from './endpoint.ts'

const Assignment = z.object({
  value: z.string(),
  rule: z.string().nullable().describe("The rule that gives it; null where the policy's default does."),
})

const Explanation = z.object({
  policy: z.string().describe('Name of the policy.'),
  held: z.array(Assignment).describe('What the user holds now.'),
  decided: z
    .array(Assignment)
    .describe('What the rules say now; differs from `held` until the evaluation is done.'),
  upToDate: z
    .boolean()
    .describe('Whether every user has been evaluated by the latest version of the policy.'),
  because: z.string().describe('The outcome in one sentence.'),
  rules: z
    .array(
      z.object({
        rule: z.string(),
        matched: z.boolean(),
        applied: z
          .boolean()
          .describe('Whether its values count: under One only those of the first that matches.'),
        because: z.string(),
      }),
    )
    .describe('Every rule in the order of the policy.'),
})

export const explanation = endpoint({
  path: '/v1/explain',
  operationId: 'explainUser',
  summary: 'Why a user holds what the user holds: every rule of every policy, with its reason.',
  query: z.object({
    user: z.uuid().describe('SCIM id of the user.'),
    policy: z.string().max(253).optional().describe('Only this policy (its name); without it all.'),
  }),
  answer: z.object({ user: z.string(), policies: z.array(Explanation) }),
  async ask(call, { user, policy }) {
    const wanted = policy === undefined ? { user } : { user, policy }
    const found = await explainUser(call.directory, call.tenantId, wanted, { signal: call.signal })
    if (found === undefined) throw new ScimError(404, `There is no user ${user}.`, { path: 'user' })
    if (policy !== undefined && found.length === 0)
      throw new ScimError(404, `There is no policy ${policy}.`, { path: 'policy' })
    return { user, policies: found.map(explained) }
  },
})

const explained = ({ policy, held, generation, evaluatedGeneration, evaluation }: PolicyExplanation) => ({
  policy,
  held: [...held],
  decided: [...evaluation.assignments],
  upToDate: generation === evaluatedGeneration,
  because: evaluation.because,
  rules: evaluation.rules.map(({ rule, matched, applied, because }) => ({ rule, matched, applied, because })),
})
