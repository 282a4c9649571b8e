/**
 * `npm run conformance`: a fresh product, a fresh tenant, and the public suite scim2-tester against it, as its authors
 * publish it. Exit code 0 only if every check succeeded. The packages are pinned in requirements.txt.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { stringify } from 'yaml'

import { anIntegration } from '#test/kit/manifests.ts'
import { Product, tokenIn } from '#test/kit/product.ts'

import { MissingPythonError, pythonEnvironment } from './python-environment.ts'
import { checksIn } from './suite-report.ts'

import type { Check } from './suite-report.ts'

/** The suite asks for every attribute that the schemas tell of: fewer checks mean that it did not get that far. */
const leastChecks = 130

/** The suite sends as fast as it can, which no identity provider does. */
const limits = { requestsPerSecond: 10_000, burst: 20_000 }

const root = join(import.meta.dirname, '..', '..')

const line = (words: string): void => void process.stdout.write(`${words}\n`)

const runSuite = async (signal: AbortSignal): Promise<readonly Check[]> => {
  const programs = await pythonEnvironment({
    requirements: join(import.meta.dirname, 'requirements.txt'),
    cache: join(root, 'node_modules', '.cache'),
    signal,
  })
  await using product = await Product.start({
    manifests: { 'suite.yaml': stringify(anIntegration('suite', { limits })) },
    signal,
  })
  const { integrations } = await product.ready(
    (ready) => typeof ready.integrations[0]?.deliverySecret === 'string',
  )
  const token = await tokenIn(integrations[0]?.deliverySecret)
  const child = spawn(join(programs, 'scim2'), ['test', '--verbose'], {
    env: {
      ...process.env,
      SCIM_CLI_URL: integrations[0]?.baseURL,
      // Not an argument: everybody on the machine can read those.
      SCIM_CLI_HEADERS: `Authorization: Bearer ${token}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const checks = checksIn(output)
  if (code !== 0 && checks.every(({ status }) => status === 'SUCCESS')) {
    throw new Error(`scim2 ended with code ${code}:\n${output}`)
  }
  return checks
}

/** Prints what is not a success in full and the rest as numbers; true if there is nothing to do. */
const report = (checks: readonly Check[]): boolean => {
  const failures = checks.filter(({ status }) => status !== 'SUCCESS')
  for (const { status, title, reason } of failures) line(`${status} ${title}\n${reason}`)
  const titles = Map.groupBy(checks, ({ title }) => title)
  for (const [title, { length }] of titles) line(`  ${String(length).padStart(3)}  ${title}`)
  const statuses = Map.groupBy(checks, ({ status }) => status)
  const numbers = [...statuses].map(([status, { length }]) => `${length} ${status.toLowerCase()}`)
  line(`scim2-tester: ${checks.length} checks: ${numbers.join(', ')}`)
  if (checks.length < leastChecks) line(`That is fewer than the ${leastChecks} there must be.`)
  return failures.length === 0 && checks.length >= leastChecks
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)))
}

/** A stop and a missing program speak for themselves; of the rest all is shown. */
const complaint = (error: unknown): string => {
  if (stop.signal.aborted) return String(stop.signal.reason)
  if (error instanceof MissingPythonError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

try {
  if (!report(await runSuite(stop.signal))) process.exitCode = 1
} catch (error) {
  process.stderr.write(`${complaint(error)}\n`)
  process.exitCode = stop.signal.aborted ? 130 : 1
}
