/**
 * `npm run bench`: the product against a bare Express + pg program, in the same run on the same Postgres. Ratios are
 * the result; the absolute figures belong to the machine.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'

import { measure } from './measure.ts'
import { rows } from './rows.ts'
import { seedUsers } from './seed.ts'
import { openWorld } from './world.ts'

import type { Figures } from './measure.ts'

const usage = `npm run bench -- [--seconds 6] [--clients 16] [--only TEXT]
  --seconds  measured time per row for each of the two
  --clients  connections, each with one request in flight
  --only     rows whose name contains this text
`

const whole = (text: string, name: string): number => {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 to 99999`)
  return Number(text)
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

const latencies = ({ p50Ms, p95Ms, p99Ms }: Figures): string =>
  [p50Ms, p95Ms, p99Ms].map((value) => value.toFixed(1)).join(' / ')

const run = async (options: { seconds: number; clients: number; only: string }): Promise<void> => {
  const chosen = rows.filter(({ name }) => name.toLowerCase().includes(options.only.toLowerCase()))
  if (chosen.length === 0) throw new Error(`no row contains ${JSON.stringify(options.only)}`)
  await using stack = new AsyncDisposableStack()
  const world = await openWorld(stack)
  const userIds = await seedUsers(world)
  print(
    `Node ${process.version}, ${cpus().length} CPUs, ${options.clients} clients, ${userIds.length} users\n`,
  )
  print(
    '| row | ratio | target | product req/s | bare req/s | product p50 / p95 / p99 ms | bare p50 / p95 / p99 ms |',
  )
  print('|---|---|---|---|---|---|---|')
  for (const { name, target, prepare } of chosen) {
    const { product, bare } = await measure(await prepare(world, userIds), options)
    const cells = [
      name,
      (product.requestsPerSecond / bare.requestsPerSecond).toFixed(2),
      target === undefined ? '' : `>= ${target}`,
      product.requestsPerSecond.toFixed(0),
      bare.requestsPerSecond.toFixed(0),
      latencies(product),
      latencies(bare),
    ]
    print(`| ${cells.join(' | ')} |`)
  }
}

try {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '6' },
      clients: { type: 'string', default: '16' },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) print(usage)
  else {
    const seconds = whole(values.seconds, 'seconds')
    await run({ seconds, clients: whole(values.clients, 'clients'), only: values.only })
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
