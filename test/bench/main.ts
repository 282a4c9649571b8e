/**
 * `npm run bench`: the product at growing sizes, and against a bare Express + pg program in the same run on the same
 * Postgres. Ratios are the result; the absolute figures belong to the machine.
 */
import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'

import { facts, heading, line, page } from './markdown.ts'
import { thousands } from './row.ts'
import { rows } from './rows.ts'
import { seedBareUsers, seedUsers } from './seed.ts'
import { asOwner } from './sql.ts'
import { memoryMB, usageOf } from './usage.ts'
import { openWorld } from './world.ts'

import type { Finding, Populated } from './row.ts'
import type { World } from './world.ts'

const usage = `npm run bench -- [--sizes 1k,20k] [--seconds 4] [--clients 16] [--only TEXT] [--output FILE]
  --sizes    users of a tenant, one tenant for each: 500, 1k, 100k, 1m
  --seconds  measured time per row and side
  --clients  connections, each with one request in flight
  --only     rows whose name contains this text
  --output   writes the table as a Markdown page
`

const print = (text: string): void => void process.stdout.write(`${text}\n`)

const units: Readonly<Record<string, number>> = { '': 1, k: 1000, m: 1_000_000 }

const sizesOf = (text: string): readonly number[] =>
  text.split(',').map((one) => {
    const [, digits, unit = ''] = /^(\d{1,7})([km]?)$/i.exec(one.trim()) ?? []
    const size = Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN)
    if (!(size >= 20 && size <= 10_000_000)) throw new Error('--sizes are numbers from 20 to 10m, as 1k,100k')
    return size
  })

const numberOf = (text: string, name: string): number => {
  const value = Number(text)
  if (!(value > 0 && value < 100_000)) throw new Error(`--${name} must be a number above 0`)
  return value
}

interface Options {
  readonly sizes: readonly number[]
  readonly seconds: number
  readonly clients: number
  readonly only: string
  readonly output: string | undefined
}

/** The largest tenant whose users the bare table gets too. */
const mostShared = 100_000

const populate = async (world: World, sizes: readonly number[]) => {
  const populated: Populated[] = []
  for (const size of sizes.toSorted((a, b) => a - b)) {
    const tenant = await world.newTenant()
    populated.push({ tenant, userIds: await seedUsers(world.ownerUrl, tenant, size) })
  }
  const [first, ...others] = populated
  if (first === undefined) throw new Error('--sizes is empty')
  const shared = populated.findLast(({ userIds }) => userIds.length <= mostShared) ?? first
  await seedBareUsers(world.ownerUrl, shared.userIds)
  return { sizes: [first, ...others] as const, shared }
}

const run = async (options: Options): Promise<void> => {
  const chosen = rows.filter(({ name }) => name.toLowerCase().includes(options.only.toLowerCase()))
  if (chosen.length === 0) throw new Error(`no row contains ${JSON.stringify(options.only)}`)
  const [loadBefore = 0] = loadavg()
  await using stack = new AsyncDisposableStack()
  const world = await openWorld(stack)
  const startMs = performance.now()
  const populated = await populate(world, options.sizes)
  print(`seeded ${options.sizes.map(thousands).join(' + ')} users in ${seconds(startMs)} s\n`)
  const bench = {
    ...options,
    ...populated,
    world,
    cpu: await usageOf(world.ownerUrl, [world.productPid, world.barePid]),
  }
  const findings: Finding[] = []
  let mostMemory = 0
  print(heading)
  for (const row of chosen) {
    const found = await row.run(bench)
    mostMemory = Math.max(mostMemory, memoryMB(world.productPid) ?? 0)
    findings.push(...found)
    for (const finding of found) print(line(finding))
  }
  const [server] = await asOwner<{ version: string }>(world.ownerUrl, `select version() as version`)
  const circumstances = {
    ...options,
    postgres: /PostgreSQL ([\d.]+)/.exec(server?.version ?? '')?.[1] ?? '?',
    loadBefore,
    memory: mostMemory === 0 ? '' : `Largest memory of the server after a row: ${mostMemory.toFixed(0)} MB.`,
  }
  print(`\n${facts(circumstances)}`)
  if (options.output !== undefined) await writeFile(options.output, page(circumstances, findings))
}

const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1000).toFixed(1)

try {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '1k,20k' },
      seconds: { type: 'string', default: '4' },
      clients: { type: 'string', default: '16' },
      only: { type: 'string', default: '' },
      output: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) print(usage)
  else {
    await run({
      sizes: sizesOf(values.sizes),
      seconds: numberOf(values.seconds, 'seconds'),
      clients: numberOf(values.clients, 'clients'),
      only: values.only,
      output: values.output,
    })
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
