/** The kinds of values that settings have: how their text is read, and what a good one looks like. */
import { z } from 'zod'

import { setting } from './settings.ts'

import type { SettingFacts } from './settings.ts'

type Described = Pick<SettingFacts, 'env' | 'about'>

/** A decimal number of at most nine digits within bounds, which belong to it. */
export const wholeNumber = (
  facts: Described,
  { least, most, standard }: { readonly least: number; readonly most: number; readonly standard: number },
) =>
  setting(
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number)
      .pipe(z.int().min(least).max(most))
      .default(standard),
    {
      ...facts,
      about: `${facts.about} Default ${standard}.`,
      mustBe: `a whole number from ${least} to ${most}`,
    },
  )

const portNumber = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.int().max(65_535))

/** A port to listen on. */
export const listeningPort = (env: string, standard: number, of: string) =>
  setting(portNumber.default(standard), {
    env,
    about: `Port of ${of}. Default ${standard}.`,
    mustBe: 'a port from 0 to 65535 (0 takes a free one)',
  })

/** A port where somebody else listens; undefined where none is given. */
export const remotePort = (facts: Described) =>
  setting(portNumber.pipe(z.int().min(1)).optional(), { ...facts, mustBe: 'a port from 1 to 65535' })

const postgres = z.url({ protocol: /^postgres(ql)?$/ })
/** The URL may hold a password. */
const postgresFacts = {
  mustBe: 'a URL such as postgres://user:password@host:5432/database',
  isSecret: true,
}

/** A Postgres that must be named. */
export const databaseUrl = (facts: Described) => setting(postgres.clone(), { ...facts, ...postgresFacts })

/** A Postgres that may be named. */
export const optionalDatabaseUrl = (facts: Described) =>
  setting(postgres.optional(), { ...facts, ...postgresFacts })

export const optionalPath = (facts: Described) =>
  setting(z.string().optional(), { ...facts, mustBe: 'a path' })

export const folder = (facts: Described) => setting(z.string(), { ...facts, mustBe: 'a folder' })

export const folderOr = (standard: string, facts: Described) =>
  setting(z.string().default(standard), {
    ...facts,
    about: `${facts.about} Default ${standard}.`,
    mustBe: 'a folder',
  })

export const yesOrNo = (facts: Described) =>
  setting(
    z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true'),
    { ...facts, about: `${facts.about} Default false.`, mustBe: 'true or false' },
  )

/** One of a few words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(
  words: T,
  standard: T[number],
  facts: Described,
) => {
  const list = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
  const schema = z.enum(words)
  return setting(
    schema.optional().transform((word) => word ?? standard),
    { ...facts, about: `${facts.about} ${list}. Default ${standard}.`.trim(), mustBe: list },
  )
}

const label = '[a-z0-9]([a-z0-9-]*[a-z0-9])?'

/** A DNS name as the base of generated hostnames: lower case, at least one label. */
export const domain = (facts: Described) =>
  setting(
    z
      .string()
      .max(200)
      .regex(new RegExp(`^${label}(\\.${label})*$`))
      .optional(),
    { ...facts, mustBe: 'a domain such as scim.example.com' },
  )

/** Scheme, host and perhaps port: what comes before the first slash of a path. */
export const origin = (facts: Described) =>
  setting(
    z
      .url({ protocol: /^https?$/ })
      .transform((text) => new URL(text))
      .refine((url) => url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '')
      .transform((url) => url.origin)
      .optional(),
    { ...facts, mustBe: 'an origin such as https://scim.example.com, without a path' },
  )

export const webUrl = (facts: Described) =>
  setting(z.url({ protocol: /^https?$/ }).optional(), {
    ...facts,
    mustBe: 'a URL such as https://directory.example.com',
  })

/** The name of a Kubernetes object or namespace (RFC 1123, as the API server checks it). */
const objectName = z
  .string()
  .max(253)
  .regex(new RegExp(`^${label}(\\.${label})*$`))
const objectNameMustBe = 'a Kubernetes name: lower case letters, digits and -'

export const kubeName = (facts: Described) =>
  setting(objectName.optional(), { ...facts, mustBe: objectNameMustBe })

export const kubeNameOr = (standard: string, facts: Described) =>
  setting(objectName.default(standard), {
    ...facts,
    about: `${facts.about} Default ${standard}.`,
    mustBe: objectNameMustBe,
  })

/** Names with commas between them; none where nothing is given. */
export const kubeNames = (facts: Described) =>
  setting(
    z
      .string()
      .default('')
      .transform((text) => text.split(',').map((name) => name.trim()))
      .transform((names) => names.filter((name) => name !== ''))
      .pipe(z.array(objectName)),
    { ...facts, mustBe: 'Kubernetes names with commas between them, such as team-a,team-b' },
  )
