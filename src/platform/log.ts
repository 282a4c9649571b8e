/** Structured logs: one pino logger per process, one child per room, secrets redacted by name and by shape. */
import { pino } from 'pino'

import type { DestinationStream, Logger as PinoLogger } from 'pino'

export type Logger = PinoLogger

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface LogOptions {
  readonly level?: LogLevel
  /** Where lines go; standard output unless told. */
  readonly stream?: DestinationStream
}

/** Keys whose values never reach a log, at the top and up to three levels down (in any spelling of the header). */
const secretKeys = [
  'authorization',
  'Authorization',
  'token',
  'secret',
  'password',
  'cookie',
  'connectionString',
]

/** Redacts by name; pino's wildcards stand for one level each. */
const redactedPaths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`])

/** The second net, for secrets inside messages: our tokens, bearer credentials, passwords in connection URLs. */
const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/scimt_([0-9A-Za-z]{12})_[0-9A-Za-z]{49}/g, 'scimt_$1_[redacted]'],
  [/\bBearer [\w.~+/-]{8,}=*/gi, 'Bearer [redacted]'],
  [/(\b[a-z]+:\/\/[^\s:/@"]*:)[^\s@/"]+@/gi, '$1[redacted]@'],
]

/** A logger for one room; every line says `room`, the level as a word, and an ISO time. */
export const createLogger = (room: string, options: LogOptions = {}): Logger =>
  pino(
    {
      level: options.level ?? 'info',
      base: { room },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: '[redacted]' },
      hooks: { streamWrite: withoutSecrets },
    },
    ...(options.stream === undefined ? [] : [options.stream]),
  )

/** The line without anything that has the shape of a secret. */
const withoutSecrets = (line: string): string =>
  secretShapes.reduce((text, [shape, replacement]) => text.replace(shape, replacement), line)
