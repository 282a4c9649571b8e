/** The frame of every process: its settings, its log, the signal that stops it, and an end in order with an exit code. */
import { inspect } from 'node:util'

import { commandLine } from './config.ts'
import { disposeWithin, untilSignal } from './lifecycle.ts'
import { createLogger } from './log.ts'
import { Mistake } from './mistake.ts'
import { portMistake } from './port-mistake.ts'
import { readSettings, usageOf } from './settings.ts'

import type { z } from 'zod'
import type { Logger, LogLevel, LogOptions } from './log.ts'

export interface Frame {
  /** Makes the logger of a room. */
  readonly logOf: (room: string) => Logger
  /** Aborts when the process is told to stop, and when it ends for another reason. */
  readonly signal: AbortSignal
  /** What is opened goes here: it is closed in reverse when `run` has ended. */
  readonly stack: AsyncDisposableStack
}

/** What every process is told. */
type CommonSettings = z.ZodObject<{ logLevel: z.ZodType<LogLevel> }>

export interface ProcessOptions<T extends CommonSettings> {
  /** How it is started, for --help: `npm run server`. */
  readonly command: string
  /** The room whose name is on the frame's own lines. */
  readonly room: string
  readonly settings: T
  /** Where the log goes; standard output unless told. */
  readonly stream?: LogOptions['stream']
  /** How long closing everything may take. */
  readonly stopLimitMs: number
  /** Opens the parts and resolves when they are to be closed; rejects where there is no going on. */
  run(config: Readonly<z.output<T>>, frame: Frame): Promise<void>
  /** A better error for one that `run` threw: a Mistake where a person can mend it. */
  explain?(error: unknown, config: Readonly<z.output<T>>): unknown
}

/**
 * Runs the process to its end and exits: 0 if it was told to stop or had nothing more to do, 1 otherwise. A Mistake is
 * told in its sentences alone, everything else with all there is to know.
 */
export const runProcess = async <T extends CommonSettings>(options: ProcessOptions<T>): Promise<never> => {
  try {
    await runFramed(options)
    process.exitCode = 0
  } catch (error) {
    process.stderr.write(`${error instanceof Mistake ? error.message : inspect(error, { depth: 4 })}\n`)
    process.exitCode = 1
  }
  // Whatever still holds the process (a socket of a client that never lets go) was given its time.
  process.exit()
}

const runFramed = async <T extends CommonSettings>(options: ProcessOptions<T>): Promise<void> => {
  const source = commandLine()
  if (source.args.includes('--help')) {
    process.stdout.write(`${options.command}\n\n${usageOf(options.settings)}\n`)
    return
  }
  const config = readSettings(options.settings, source)
  const { stream } = options
  const logOf = (room: string): Logger =>
    createLogger(room, { level: config.logLevel, ...(stream === undefined ? {} : { stream }) })
  using stop = untilSignal(logOf(options.room))
  const stack = new AsyncDisposableStack()
  // Tells the parts that they are being closed, also where that is because one of them could not be opened.
  const closing = new AbortController()
  try {
    await options.run(config, { logOf, signal: AbortSignal.any([stop.signal, closing.signal]), stack })
  } catch (error) {
    // Stopped while starting: what it was waiting for says so, and that is no failure.
    if (stop.signal.aborted) return
    throw portMistake(error, options.settings, config) ?? options.explain?.(error, config) ?? error
  } finally {
    closing.abort()
    await disposeWithin(stack, options.stopLimitMs)
  }
}
