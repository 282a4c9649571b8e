/**
 * `npm run demo`: a fresh product, two companies that push their people into it from Entra ID and Okta at once, and a
 * comparison of everything it then holds with a model that knows the companies only. Exit code 0, or 1 with the
 * first difference.
 */
import { setTimeout as delay } from 'node:timers/promises'

import { percentile } from '#test/kit/percentile.ts'
import { Product } from '#test/kit/product.ts'

import { reorganise, settle } from './changes.ts'
import { contoso, globex } from './companies.ts'
import { manifests } from './policies.ts'
import { createReport } from './report.ts'
import { connect, isProvisioned } from './tenants.ts'
import { inspect } from './verify.ts'

import type { Company } from './company.ts'
import type { Step } from './identity-provider.ts'
import type { Report } from './report.ts'
import type { Findings, Tenant } from './verify.ts'

/** How long assignments may lag behind the last change before they count as wrong. */
const settleLimitMs = 15_000
/** How long the product is watched after the cycle that must change nothing. */
const quietMs = 2000

/** Something that stands otherwise than expected. */
class Difference extends Error {}

const work = { ms: 0 }

type Push = (tenant: Tenant, company: Company, step: Step) => Promise<void>

const cycle: Push = ({ provider }, company, step) => provider.cycle(company, step)
const fullCycle: Push = ({ provider }, company, step) => provider.fullCycle(company, step)

const pushAll = async (
  report: Report,
  title: string,
  tenants: readonly Tenant[],
  companies: readonly Company[],
  push: Push,
): Promise<void> => {
  const total = companies.reduce((sum, { people, teams }) => sum + people.size + teams.size, 0)
  const startMs = performance.now()
  await report.phase(title, total, async (step) => {
    await Promise.all(tenants.map((tenant, index) => push(tenant, companies[index]!, step)))
  })
  work.ms += performance.now() - startMs
}

/** Compares until nothing differs any more; assignments follow a change by a moment. */
const verify = async (
  report: Report,
  title: string,
  tenants: readonly Tenant[],
  companies: readonly Company[],
) =>
  report.phase(title, 0, async () => {
    const deadline = performance.now() + settleLimitMs
    for (;;) {
      const findings = await Promise.all(tenants.map((tenant, index) => inspect(tenant, companies[index]!)))
      const differences = findings.flatMap((one) => one.differences)
      if (differences.length === 0) return findings
      if (performance.now() > deadline) {
        throw new Difference(`${differences.length} lost or wrong. The first:\n${differences[0]}`)
      }
      await delay(200)
    }
  })

const mustBeUntouched = (before: readonly Findings[], after: readonly Findings[]): void => {
  for (const [index, { versions, assignmentRows }] of before.entries()) {
    for (const [id, version] of versions) {
      const now = after[index]?.versions.get(id)
      if (now !== version)
        throw new Difference(`${id} was ${version}; after a cycle without changes it is ${now}`)
    }
    const gone = [...assignmentRows].find((row) => after[index]?.assignmentRows.has(row) !== true)
    if (gone !== undefined) throw new Difference(`an assignment changed without a cause; it was ${gone}`)
  }
}

const run = async (report: Report, signal: AbortSignal): Promise<void> => {
  await using product = await Product.start({ manifests, signal })
  const ready = await report.phase('product started, two integrations provisioned', 0, () =>
    product.ready(isProvisioned),
  )
  const tenants = await report.phase('tokens copied and acknowledged', 0, () =>
    connect(product, ready, signal),
  )
  await report.phase('connections tested', 0, () =>
    Promise.all(tenants.map(({ provider }) => provider.testConnection())),
  )
  const initial = [contoso, globex]
  await pushAll(report, 'first cycle', tenants, initial, cycle)
  await verify(report, 'everything compared', tenants, initial)

  const reorganised = [
    reorganise(contoso, {
      seed: 7,
      rename: { from: 'Engineering', to: 'Engineering & Research' },
      softDeletions: 3,
    }),
    reorganise(globex, {
      seed: 8,
      rename: { from: 'Support', to: 'Kundenservice für Europa' },
      softDeletions: 0,
    }),
  ]
  await pushAll(report, 'changes, deactivations, a renamed group, removals', tenants, reorganised, cycle)
  await verify(report, 'everything compared', tenants, reorganised)

  const settled = reorganised.map((company, index) => settle(company, 9 + index))
  await pushAll(report, 'reactivations, hard deletes, more removals', tenants, settled, cycle)
  const before = await verify(report, 'everything compared', tenants, settled)

  await pushAll(report, 'second full cycle', tenants, settled, fullCycle)
  await delay(quietMs, undefined, { signal })
  const after = await verify(report, 'everything compared, nothing changed', tenants, settled)
  mustBeUntouched(before, after)
  printTable(report, tenants, after)
}

const printTable = (report: Report, tenants: readonly Tenant[], findings: readonly Findings[]): void => {
  const sum = (count: (one: Findings) => number): string[] => findings.map((one) => String(count(one)))
  report.line('')
  report.table([
    ['checked', ...tenants.map(({ provider, policy }) => `${provider.name} (${policy.cardinality})`)],
    ['users', ...sum(({ users }) => users)],
    ['  of them inactive', ...sum(({ inactiveUsers }) => inactiveUsers)],
    ['groups', ...sum(({ groups }) => groups)],
    ['members', ...sum(({ members }) => members)],
    ['unchanged by the second cycle', ...sum(({ versions }) => versions.size)],
    ['lost or wrong', ...sum(({ differences }) => differences.length)],
  ])
  for (const [index, { policy }] of tenants.entries()) {
    report.line('')
    report.table([
      [`assignments of ${policy.name}`, 'users'],
      ...[...(findings[index]?.assignments ?? [])].map(([value, users]) => [`  ${value}`, String(users)]),
    ])
  }
  const durations = tenants.flatMap(({ provider }) => provider.http.tally.durationsMs)
  const [p50, p99] = [percentile(durations, 0.5), percentile(durations, 0.99)]
  report.line('')
  report.line(
    `  ${durations.length} SCIM requests, ${Math.round(durations.length / (work.ms / 1000))} per second while pushing,` +
      ` p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  )
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)))
}

/** A difference and a stop speak for themselves; of the rest all is shown. */
const complaint = (error: unknown): string => {
  if (stop.signal.aborted) return String(stop.signal.reason)
  if (error instanceof Difference) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

try {
  await run(createReport(process.stdout), stop.signal)
} catch (error) {
  process.stderr.write(`\n${complaint(error)}\n`)
  process.exitCode = stop.signal.aborted ? 130 : 1
}
