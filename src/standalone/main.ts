/** `npm start`: the whole product in one process, over folders and one Postgres, until it is told to stop. */
import { inspect } from 'node:util'

import { compose } from './compose.ts'
import { explain } from './explain.ts'
import { Mistake } from './mistake.ts'
import { terminalLog } from './terminal-log.ts'

import { commandLine, standaloneSettings } from '#platform/config.ts'
import { aborted, disposeWithin, untilSignal } from '#platform/lifecycle.ts'
import { createLogger } from '#platform/log.ts'
import { SettingsError, readSettings, usageOf } from '#platform/settings.ts'

/** How long all parts together may take to finish what they are doing. */
const stopLimitMs = 18_000

const main = async (): Promise<void> => {
  const source = commandLine()
  if (source.args.includes('--help')) {
    process.stdout.write(`npm start -- [--flag value]...\n\n${usageOf(standaloneSettings)}\n`)
    return
  }
  const config = readSettings(standaloneSettings, source)
  using stop = untilSignal(
    createLogger('standalone', { level: config.logLevel, stream: terminalLog(process.stderr) }),
  )
  const stack = new AsyncDisposableStack()
  // Tells the parts that they are being closed, also where that is because one of them could not be opened.
  const closing = new AbortController()
  try {
    const end = await compose(config, stack, AbortSignal.any([stop.signal, closing.signal]))
    await aborted(end)
    if (!stop.signal.aborted) throw end.reason
  } catch (error) {
    // Stopped while starting: what it was waiting for says so, and that is no failure.
    if (!stop.signal.aborted) throw explain(error, config)
  } finally {
    closing.abort()
    await disposeWithin(stack, stopLimitMs)
  }
}

/** A sentence for what a person can mend; all there is to know of the rest. */
const complaint = (error: unknown): string =>
  error instanceof Mistake || error instanceof SettingsError ? error.message : inspect(error, { depth: 4 })

try {
  await main()
  process.exitCode = 0
} catch (error) {
  process.stderr.write(`${complaint(error)}\n`)
  process.exitCode = 1
}
// Whatever still holds the process (a socket of a client that never lets go) was given its time.
process.exit()
