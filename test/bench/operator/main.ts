/**
 * `npm run bench:operator`: the operator as a process on a real API server, measured from outside: from 1,000 new
 * integrations until all are Ready, to what 10,000 cost at rest.
 */
import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'

import { asOwner } from '#test/bench/sql.ts'
import { z } from 'zod'

import { facts, heading, line, page } from './markdown.ts'
import { rows } from './rows.ts'
import { openWorld } from './world.ts'

import type { Bench, Finding } from './row.ts'

const usage = `npm run bench:operator -- [--sizes 1k,10k] [--edits 100] [--idle 30] [--only TEXT] [--output FILE]
  --sizes   integrations made at once by each way, and in all: 1k,10k
  --edits   single edits for each way, at a load of twice the first size
  --idle    seconds for which the operator at rest is looked at
  --only    rows whose name contains this text
            (${rows.map(({ name }) => name).join(', ')})
  --output  writes the table as a Markdown page
`

interface Options extends Omit<Bench, 'world'> {
  readonly only: string
  readonly output: string | undefined
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

const wholeNumber = (text: string, name: string): number => {
  const [, digits, unit] = /^(\d{1,6})(k?)$/i.exec(text.trim()) ?? []
  const value = Number(digits) * (unit === '' ? 1 : 1000)
  if (!(value > 0)) throw new Error(`--${name} must be whole numbers above 0, such as 20 or 10k`)
  return value
}

const optionsOf = (values: Record<'sizes' | 'edits' | 'idle' | 'only', string>, output?: string): Options => {
  const [few, many, ...more] = values.sizes.split(',').map((text) => wholeNumber(text, 'sizes'))
  if (few === undefined || many === undefined || more.length > 0 || many < 2 * few)
    throw new Error('--sizes are two numbers, the second at least twice the first, such as 1k,10k')
  const { edits, idle, only } = values
  return {
    few,
    many,
    edits: wholeNumber(edits, 'edits'),
    idleSeconds: wholeNumber(idle, 'idle'),
    only,
    output,
  }
}

const run = async (options: Options): Promise<void> => {
  const chosen = rows.filter(({ name }) => name.toLowerCase().includes(options.only.toLowerCase()))
  if (chosen.length === 0) throw new Error(`no row contains ${JSON.stringify(options.only)}`)
  const [before = 0] = loadavg()
  await using stack = new AsyncDisposableStack()
  const world = await openWorld(stack)
  const findings: Finding[] = []
  print(heading)
  for (const row of chosen) {
    const found = await row.run({ ...options, world })
    findings.push(...found)
    for (const finding of found) print(line(finding))
  }
  const [server] = await asOwner<{ version: string }>(
    world.ownerUrl,
    `select split_part(current_setting('server_version'), ' ', 1) as version`,
  )
  const version = await world.call({ method: 'GET', path: '/version' })
  const [after = 0] = loadavg()
  const circumstances = {
    ...options,
    postgres: server?.version ?? '?',
    kubernetes: z.object({ gitVersion: z.string() }).parse(JSON.parse(version)).gitVersion,
    load: { before, after },
  }
  print(`\n${facts(circumstances)}`)
  if (options.output !== undefined) await writeFile(options.output, page(circumstances, findings))
}

try {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '1k,10k' },
      edits: { type: 'string', default: '100' },
      idle: { type: 'string', default: '30' },
      only: { type: 'string', default: '' },
      output: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) print(usage)
  else await run(optionsOf(values, values.output))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
