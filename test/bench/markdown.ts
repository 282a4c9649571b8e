/** What was measured, as a Markdown table that the documents link to. */
import { cpus, totalmem } from 'node:os'

import type { Figures } from './measure.ts'
import type { Finding } from './row.ts'

const columns = [
  'what',
  'measured',
  'target',
  'product req/s',
  'product p50 / p95 / p99 ms',
  'bare req/s',
  'bare p50 / p95 / p99 ms',
  'product CPU ms, server + Postgres + client',
  'bare CPU ms, server + Postgres + client',
]

export const heading = `| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`

const latencies = (figures: Figures | undefined): string =>
  figures === undefined
    ? ''
    : [figures.p50Ms, figures.p95Ms, figures.p99Ms].map((value) => value.toFixed(1)).join(' / ')

const rate = (figures: Figures | undefined): string => figures?.requestsPerSecond.toFixed(0) ?? ''

const cpu = (figures: Figures | undefined): string =>
  figures?.cpuMs === undefined
    ? ''
    : [figures.cpuMs.server, figures.cpuMs.postgres, figures.cpuMs.client]
        .map((value) => value.toFixed(3))
        .join(' + ')

const verdict = ({ measured, isMet }: Finding): string =>
  isMet === undefined ? measured : `${measured} ${isMet ? '(met)' : '(missed)'}`

export const line = (finding: Finding): string => {
  const { what, target, product, bare } = finding
  const cells = [
    what,
    verdict(finding),
    target,
    rate(product),
    latencies(product),
    rate(bare),
    latencies(bare),
    cpu(product),
    cpu(bare),
  ]
  return `| ${cells.join(' | ')} |`
}

export interface Circumstances {
  readonly postgres: string
  readonly sizes: readonly number[]
  readonly clients: number
  readonly seconds: number
  readonly loadBefore: number
  readonly memory: string
}

export const facts = (circumstances: Circumstances): string => {
  const { postgres, sizes, clients, seconds, loadBefore, memory } = circumstances
  const machine = `${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 30)} GB`
  return `Node ${process.version}, PostgreSQL ${postgres}, ${machine}; load average before the run ${loadBefore.toFixed(1)}.
Tenants of ${sizes.map((size) => size.toLocaleString('en')).join(', ')} users; ${clients} clients, each with one request in flight; ${seconds} s per row
and side, in turns. Client, servers and Postgres share the machine. ${memory}`
}

export const page = (circumstances: Circumstances, findings: readonly Finding[]): string =>
  `# Measured

Written by \`npm run bench -- --output docs/bench.md\`. Ratios within one run are what counts; absolute figures belong to
the machine and to what else ran on it. [scaling.md](scaling.md) says what follows.

${facts(circumstances)}

${heading}
${findings.map(line).join('\n')}
`
