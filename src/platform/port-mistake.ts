/** A port that cannot be had, told as a mistake in the setting that chose it. */
import { Mistake } from './mistake.ts'
import { factsOf } from './settings.ts'

import type { z } from 'zod'

/** The sentence for an error of listening; undefined for every other error. */
export const portMistake = (
  error: unknown,
  settings: z.ZodObject,
  config: Readonly<Record<string, unknown>>,
): Mistake | undefined => {
  if (!isListenError(error)) return undefined
  const facts = factsOf(settings).find(({ name }) => name.endsWith('Port') && config[name] === error.port)
  const source = facts?.flag === undefined ? facts?.env : `--${facts.flag}`
  const port = source === undefined ? String(error.port) : `${error.port} (${source})`
  switch (error.code) {
    case 'EADDRINUSE':
      return new Mistake(
        `Port ${port} is in use by another program: stop it, or choose another port (0 takes a free one).`,
        { cause: error },
      )
    case 'EACCES':
      return new Mistake(`Port ${port} needs rights that this process has not: choose one above 1023.`, {
        cause: error,
      })
    default:
      return undefined
  }
}

const isListenError = (error: unknown): error is Error & { readonly code: string; readonly port: number } =>
  error instanceof Error &&
  'syscall' in error &&
  error.syscall === 'listen' &&
  'code' in error &&
  'port' in error
