/** The shape and limits of a policy's rules, as zod: what the custom resource holds and what `compile.ts` reads. */

import * as z from 'zod'
import { whereProblem } from './where.ts'

/**
 * A rule over several fields, twice: for zod, and as CEL for the API server, so that both refuse the same objects.
 * `self` in `rule` is the value that the schema describes.
 */
interface Validation {
  readonly rule: string
  readonly message: string
}

const validations = (...rules: readonly Validation[]) => ({ 'x-kubernetes-validations': rules })

/** Postgres stores no NUL, and control characters would only hide in a name. `\x` is understood by RE2 as well. */
// oxlint-disable-next-line no-control-regex
const printable = /^[^\x00-\x1f\x7f]+$/

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const exactlyOne: Validation = {
  rule: '[has(self.displayName), has(self.externalId), has(self.id)].filter(given, given).size() == 1',
  message: 'exactly one of displayName, externalId and id names the group',
}

export const GroupSelectorSpec = z
  .object({
    displayName: z
      .string()
      .min(1)
      .max(256)
      .regex(printable)
      .exactOptional()
      .describe('Name of the group, compared without regard to case.'),
    externalId: z
      .string()
      .min(1)
      .max(256)
      .regex(printable)
      .exactOptional()
      .describe('Identifier that the identity provider gave the group.'),
    id: z.string().max(36).regex(uuid).exactOptional().describe('SCIM id of the group.'),
  })
  .refine(
    ({ displayName, externalId, id }) =>
      [displayName, externalId, id].filter((value) => value !== undefined).length === 1,
    exactlyOne.message,
  )
  .describe(
    'One group. It is pinned to its id when first found; a later rename is reported and changes nothing.',
  )
  .meta(validations(exactlyOne))

const groupSelectors = (description: string) =>
  z
    .array(GroupSelectorSpec)
    .min(1)
    .max(16)
    .exactOptional()
    .describe(description)
    .meta({ 'x-kubernetes-list-type': 'atomic' })

const atLeastOneMatcher: Validation = {
  rule: 'has(self.anyGroup) || has(self.allGroups) || has(self.noGroup) || has(self.where)',
  message: 'at least one of anyGroup, allGroups, noGroup and where is needed',
}

export const MatchSpec = z
  .object({
    anyGroup: groupSelectors('The user is a direct member of at least one of these groups.'),
    allGroups: groupSelectors('The user is a direct member of each of these groups.'),
    noGroup: groupSelectors('The user is a direct member of none of these groups.'),
    where: z
      .string()
      .min(1)
      .max(1024)
      .superRefine((text, context) => {
        const problem = whereProblem(text)
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, input: text })
      })
      .exactOptional()
      .describe('A SCIM filter over the user (RFC 7644 section 3.4.2.2), e.g. title co "Contractor".'),
  })
  .refine(
    (match) =>
      [match.anyGroup, match.allGroups, match.noGroup, match.where].some((given) => given !== undefined),
    atLeastOneMatcher.message,
  )
  .describe('What a user must be for the rule to match: all that is given here.')
  .meta(validations(atLeastOneMatcher))

const AssignedValue = z.string().min(1).max(63).regex(printable)

export const RuleSpec = z
  .object({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(printable)
      .describe(
        'Name of the rule, unique in the policy; each assignment carries the name of the rule that gave it.',
      ),
    match: MatchSpec,
    assign: z
      .array(AssignedValue)
      .min(1)
      .max(16)
      .refine((values) => new Set(values).size === values.length, 'a value is given twice')
      .describe('The values that a matching user gets.')
      .meta({ 'x-kubernetes-list-type': 'set' }),
  })
  .describe('Who gets what.')

const uniqueNames: Validation = {
  rule: 'self.all(rule, self.exists_one(other, other.name == rule.name))',
  message: 'rule names are unique',
}

const defaultNeedsOne: Validation = {
  rule: "!has(self.default) || self.cardinality == 'One'",
  message: 'default is only for cardinality One',
}

/** The fields of a policy that decide who gets what; the custom resource adds its own beside them. */
export const policyFields = {
  cardinality: z
    .enum(['One', 'Many'])
    .describe(
      'One: the first rule that matches decides. Many: the values of all rules that match, together.',
    ),
  default: AssignedValue.exactOptional().describe(
    'With One: the value of active users whom no rule matches.',
  ),
  rules: z
    .array(RuleSpec)
    .max(256)
    .superRefine((rules, context) => {
      const seen = new Set<string>()
      for (const [index, { name }] of rules.entries()) {
        if (seen.has(name)) {
          const message = `${uniqueNames.message}: ${JSON.stringify(name)} is used twice`
          context.addIssue({ code: 'custom', message, path: [index, 'name'], input: name })
        }
        seen.add(name)
      }
    })
    .describe('The rules in order; under One the order decides.')
    .meta({ ...validations(uniqueNames), 'x-kubernetes-list-type': 'atomic' }),
}

/** The same as `checkPolicy`, for `x-kubernetes-validations` of the object that holds `policyFields`. */
export const policyValidations: readonly Validation[] = [defaultNeedsOne]

/** What must hold between the fields of a policy: `.superRefine(checkPolicy)` of any object with `policyFields`. */
export function checkPolicy(
  policy: { readonly cardinality: 'One' | 'Many'; readonly default?: string },
  context: z.core.$RefinementCtx,
): void {
  if (policy.default === undefined || policy.cardinality === 'One') return
  context.addIssue({
    code: 'custom',
    message: defaultNeedsOne.message,
    path: ['default'],
    input: policy.default,
  })
}

export const PolicySpecCore = z
  .object(policyFields)
  .superRefine(checkPolicy)
  .meta(validations(...policyValidations))

export type GroupSelectorSpec = z.infer<typeof GroupSelectorSpec>
export type MatchSpec = z.infer<typeof MatchSpec>
export type RuleSpec = z.infer<typeof RuleSpec>
export type PolicySpecCore = z.infer<typeof PolicySpecCore>
