/** Runs an assembled image much as a container would: its files, its environment, its user, nothing it may write to. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Image } from './assemble.ts'
import { nodeFolder } from './base.ts'

export interface Container extends AsyncDisposable {
  /** What it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string }
  /** Asks it to stop, as the kubelet does. */
  terminate(): void
  /** Exit code once it has ended and said all; null if a signal ended it. */
  readonly ended: Promise<number | null>
}

/**
 * As root, the image becomes the root of the file system and its user runs it. Without that right its Node runs in its
 * folder, as who we are.
 *
 * @param args after the image's entrypoint; the image's own where none are given
 */
export function runImage(
  image: Image,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Container {
  const { root, config } = image
  const [entry, ...before] = config.Entrypoint ?? []
  if (entry !== 'node') throw new Error('The image does not start Node')
  const command = [...before, ...(args.length === 0 ? (config.Cmd ?? []) : args)]
  const environment = { ...Object.fromEntries(config.Env.map(pair)), ...env }
  const child =
    process.getuid?.() === 0
      ? spawn('unshare', [...isolation(image), path.join(nodeFolder, 'node'), ...command], {
          env: environment,
        })
      : spawn(path.join(root, nodeFolder, 'node'), command, {
          cwd: path.join(root, config.WorkingDir),
          env: environment,
        })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const ended = once(child, 'close').then(() => child.exitCode)
  // Whoever waits for it sees the failure.
  ended.catch(() => undefined)
  return {
    output,
    terminate: () => void child.kill('SIGTERM'),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** `unshare` (util-linux) changes root, folder and user, and then becomes the command: a signal to it is one to Node. */
function isolation({ root, config }: Image): string[] {
  const [user = '0', group = user] = (config.User ?? '0').split(':')
  return [`--root=${root}`, `--wd=${config.WorkingDir}`, `--setgid=${group}`, `--setuid=${user}`]
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at), text.slice(at + 1)]
}
