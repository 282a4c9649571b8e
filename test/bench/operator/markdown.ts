/** What was measured, as a Markdown table that the documents link to. */

import { cpus, totalmem } from 'node:os'

import { thousands } from './row.ts'

import type { Finding } from './row.ts'

const columns = ['what', 'measured', 'target', 'CPU s: operator', 'API server + etcd', 'Postgres']

export const heading = `| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`

export const line = ({ what, measured, target, isMet, cpu }: Finding): string => {
  const verdict = isMet === undefined ? measured : `${measured} (${isMet ? 'met' : 'missed'})`
  const seconds = [cpu?.operator, cpu?.cluster, cpu?.postgres].map((value) => value?.toFixed(1) ?? '')
  return `| ${[what, verdict, target, ...seconds].join(' | ')} |`
}

export interface Circumstances {
  readonly postgres: string
  readonly kubernetes: string
  readonly few: number
  readonly many: number
  readonly edits: number
  /** Runnable processes on average, before the run and at its end. */
  readonly load: { readonly before: number; readonly after: number }
}

export const facts = ({ postgres, kubernetes, few, many, edits, load }: Circumstances): string =>
  `Node ${process.version}, Kubernetes ${kubernetes}, PostgreSQL ${postgres}, ${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 30)} GB.
Load average before the run ${load.before.toFixed(1)}, after it ${load.after.toFixed(1)}. ${thousands(few)} integrations by each way, ${thousands(many)} in all, in one
namespace; ${edits} edits. Operator, API server, etcd, Postgres and the bench share the machine.`

export const page = (circumstances: Circumstances, findings: readonly Finding[]): string =>
  `# The operator, measured

Written by \`npm run bench:operator -- --output docs/bench-operator.md\`: the operator as a process on a real
kube-apiserver and Postgres, looked at from outside. [scaling.md](scaling.md) says what follows.

${facts(circumstances)}

${heading}
${findings.map(line).join('\n')}
`
