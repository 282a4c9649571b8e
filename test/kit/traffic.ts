/** The two companies of the demo, changing and pushing every change, round after round, until they are told to rest. */
import { setTimeout as delay } from 'node:timers/promises'

import { reorganise, settle } from '#test/demo/changes.ts'
import { contoso, globex } from '#test/demo/companies.ts'
import { inspect } from '#test/demo/verify.ts'

import type { Company } from '#test/demo/company.ts'
import type { Reorganisation } from '#test/demo/changes.ts'
import type { Tenant } from '#test/demo/verify.ts'

type Companies = readonly Company[]

export interface Traffic {
  /** Resolves when a round that begins from now on was pushed to its end; throws when a request failed. */
  anotherRound(): Promise<void>
  /** Lets the round under way end; what the companies are then. Throws when a request failed. */
  rest(): Promise<Companies>
}

const breathMs = 250

/** Which group changes its name, back and forth; and how many people are marked as deleted. */
const plans: readonly (Pick<Reorganisation, 'softDeletions'> & { readonly names: readonly string[] })[] = [
  { names: ['Engineering', 'Engineering & Research'], softDeletions: 3 },
  { names: ['Support', 'Kundenservice für Europa'], softDeletions: 0 },
]

/** Everybody is pushed for the first time; resolves when all is there and assigned. */
export const pushEverybody = async (tenants: readonly Tenant[]): Promise<Companies> => {
  const companies = [contoso, globex]
  await push(tenants, companies)
  await untilEqual(tenants, companies)
  return companies
}

/** Begins at once. */
export const startTraffic = (tenants: readonly Tenant[], from: Companies): Traffic => {
  let companies = from
  const done = { rounds: 0 }
  const resting = new AbortController()
  const work = async (): Promise<void> => {
    while (!resting.signal.aborted) {
      companies = companies.map((company, index) => changed(company, done.rounds, plans[index]!))
      await push(tenants, companies)
      await Promise.all(tenants.map(({ directory }) => directory.request('GET', '/v1/users?limit=50')))
      done.rounds += 1
      // Leaves the processes that start meanwhile their share of a small machine.
      await delay(breathMs)
    }
  }
  const working = work()
  // Whoever waits for a round hears of a failure.
  working.catch(() => undefined)
  return {
    async anotherRound() {
      // The one under way, and a whole one.
      const enough = done.rounds + 2
      while (done.rounds < enough) await Promise.race([working, delay(50)])
    },
    async rest() {
      resting.abort()
      await working
      return companies
    },
  }
}

const changed = (
  company: Company,
  round: number,
  { names, softDeletions }: (typeof plans)[number],
): Company => {
  if (round % 2 === 1) return settle(company, 1_000 + round)
  const [from = '', to = ''] = (round / 2) % 2 === 0 ? names : names.toReversed()
  return reorganise(company, { seed: 1_000 + round, rename: { from, to }, softDeletions })
}

/** Progress that nobody looks at. */
const ignoreStep = (): void => undefined

const push = async (tenants: readonly Tenant[], companies: Companies): Promise<void> => {
  await Promise.all(tenants.map(({ provider }, index) => provider.cycle(companies[index]!, ignoreStep)))
}

const settleLimitMs = 120_000

/** Compares everything on every surface until nothing differs; assignments follow a change by a moment. */
export const untilEqual = async (tenants: readonly Tenant[], companies: Companies): Promise<void> => {
  const deadline = Date.now() + settleLimitMs
  for (;;) {
    const findings = await Promise.all(tenants.map((tenant, index) => inspect(tenant, companies[index]!)))
    const differences = findings.flatMap((one) => one.differences)
    if (differences.length === 0) return
    if (Date.now() > deadline)
      throw new Error(`${differences.length} lost or wrong. The first:\n${differences[0]}`)
    await delay(500)
  }
}

/** Statuses of all answers that were neither a success nor one that an identity provider asks for. */
export const failedStatuses = (tenants: readonly Tenant[]): readonly number[] =>
  tenants
    .flatMap(({ provider, directory }) => [
      ...provider.http.tally.statuses.keys(),
      ...directory.tally.statuses.keys(),
    ])
    .filter((status) => status >= 429)
