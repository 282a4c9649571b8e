/** Reading settings from flags and environment variables of the same meaning, with one clear sentence per mistake. */
import { parseArgs } from 'node:util'

import { z } from 'zod'

import { Mistake } from './mistake.ts'

/** What a setting is beside its schema. A flag wins over the environment. */
export interface SettingFacts {
  readonly flag?: string
  readonly env: string
  /** What it is, for --help and the documentation. */
  readonly about: string
  /** What a good value looks like, completing "… must be". */
  readonly mustBe: string
  /** Its value is never repeated, and it has no flag, as command lines are public. */
  readonly isSecret?: boolean
}

const factsOfSchemas = z.registry<SettingFacts>()

/** Declares a setting. The schema's input is the text, or undefined where nothing is given, so it holds the default. */
export const setting = <T extends z.ZodType>(schema: T, facts: SettingFacts): T => {
  factsOfSchemas.add(schema, facts)
  return schema
}

/** The same setting with a flag besides, for a process that people start at a terminal. */
export const withFlag = <T extends z.ZodType>(flag: string, declared: T): T => {
  const facts = factsOfSchemas.get(declared)
  if (facts === undefined || facts.isSecret === true) throw new TypeError(`--${flag} is for no open setting`)
  return setting(declared.clone(), { ...facts, flag })
}

export interface SettingSource {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Everything wrong with the settings, one sentence per line, for a person at a terminal. */
export class SettingsError extends Mistake {
  constructor(mistakes: readonly string[], options?: ErrorOptions) {
    super(mistakes.join('\n'), options)
    this.name = 'SettingsError'
  }
}

/** The frozen values; throws SettingsError naming every mistake at once. */
export const readSettings = <T extends z.ZodObject>(
  schema: T,
  source: SettingSource,
): Readonly<z.output<T>> => {
  const facts = factsOf(schema)
  const { given, mistakes } = readFlags(facts, source.args)
  const texts = facts.map(({ name, flag, env }): [string, string | undefined] => [
    name,
    // An empty variable is what shells and manifests write for "not set".
    (flag === undefined ? undefined : given[flag]) ?? (source.env[env] || undefined),
  ])
  const result = schema.safeParse(Object.fromEntries(texts))
  for (const name of new Set(result.error?.issues.map(({ path }) => path[0]))) {
    const wrong = facts.find((fact) => fact.name === name)
    if (wrong !== undefined) mistakes.push(mistakeOf(wrong, given, new Map(texts).get(wrong.name)))
  }
  if (!result.success || mistakes.length > 0) throw new SettingsError(mistakes)
  return Object.freeze(result.data)
}

/** One entry per setting, for --help. */
export const usageOf = (schema: z.ZodObject): string =>
  factsOf(schema)
    .map(({ flag, env, about }) => `  ${flag === undefined ? '' : `--${flag} or `}${env}\n      ${about}`)
    .join('\n')

type NamedFacts = SettingFacts & { readonly name: string }

/** What is known of each setting, in the order of the schema: for tables. */
export const factsOf = (schema: z.ZodObject): readonly NamedFacts[] =>
  Object.entries(schema.shape).flatMap(([name, field]) => {
    const facts = field instanceof z.ZodType ? factsOfSchemas.get(field) : undefined
    return facts === undefined ? [] : [{ ...facts, name }]
  })

const mistakeOf = (
  { flag, env, mustBe, isSecret }: SettingFacts,
  given: Readonly<Record<string, string>>,
  text: string | undefined,
): string => {
  const source = flag !== undefined && flag in given ? `--${flag}` : env
  if (text === undefined) return `${source} is missing: it must be ${mustBe}.`
  return `${source} must be ${mustBe}${isSecret === true ? '' : `, not "${text}"`}.`
}

const readFlags = (
  facts: readonly SettingFacts[],
  args: readonly string[],
): { given: Readonly<Record<string, string>>; mistakes: string[] } => {
  const flags = facts.flatMap(({ flag }) => flag ?? [])
  const mistakes: string[] = []
  const given: Record<string, string> = {}
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(flags.map((flag) => [flag, { type: 'string' as const }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') mistakes.push(`"${token.value}" belongs to no flag.`)
    if (token.kind !== 'option') continue
    if (!flags.includes(token.name))
      mistakes.push(
        flags.length === 0
          ? `There is no flag ${token.rawName}: all settings are environment variables.`
          : `There is no flag ${token.rawName}; there are ${flags.map((f) => `--${f}`).join(', ')}.`,
      )
    // `--state --ops-port 1`: the parser takes the next flag for the value.
    else if (!token.value || (!token.inlineValue && token.value.startsWith('--')))
      mistakes.push(`--${token.name} needs a value.`)
    else given[token.name] = token.value
  }
  return { given, mistakes }
}
