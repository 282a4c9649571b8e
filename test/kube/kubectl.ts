/** kubectl as a function: what it printed, or an error with what it complained of. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import path from 'node:path'
import { tool } from './tools.ts'

export interface KubectlOptions {
  /** Path of the kubeconfig; kubectl keeps what it has discovered beside it. */
  readonly kubeconfig: string
  /** What `-f -` reads. */
  readonly input?: string
}

/** Runs it to its end; standard output as it is. Throws with its standard error if it fails. */
export async function runKubectl(args: readonly string[], options: KubectlOptions): Promise<string> {
  const { kubeconfig, input } = options
  const discovered = path.join(path.dirname(kubeconfig), 'kubectl-cache')
  const flags = ['--kubeconfig', kubeconfig, '--cache-dir', discovered]
  const child = spawn(await tool('kubectl'), [...flags, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(input ?? '')
  const [output, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${complaint.trim()}`)
  return output
}
