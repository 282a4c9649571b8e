/** Processes that keep their pid in a folder, and a guard that ends them and removes the folder when we end, however. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface GuardedProcess {
  /** Resolves when it has ended, however; rejects if it could not be started. */
  readonly exited: Promise<void>
  /** What it says, in a file that every start of it goes on with. */
  readonly log: string
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
}

/** Starts a program in `folder`, apart from the terminal, so that Ctrl-C reaches it through its guard only. */
export function startGuarded(folder: string, program: string, args: readonly string[]): GuardedProcess {
  const name = path.basename(program)
  const log = path.join(folder, `${name}.log`)
  const file = openSync(log, 'a')
  const child = spawn(program, [...args], { cwd: folder, detached: true, stdio: ['ignore', file, file] })
  closeSync(file)
  const pidFile = path.join(folder, `${name}.pid`)
  if (child.pid !== undefined) writeFileSync(pidFile, String(child.pid))
  const exited = once(child, 'exit').then(() => rmSync(pidFile, { force: true }))
  // Whoever waits for it sees the failure; nobody has to.
  exited.catch(() => undefined)
  return {
    exited,
    log,
    signal(name) {
      child.kill(name)
    },
  }
}

/** Its standard input is a pipe of ours: it closes when we end, also by `kill -9`. */
const guardScript = `cat >/dev/null
for file in "$1"/*.pid; do [ -e "$file" ] && kill -9 "$(cat "$file")"; done
rm -rf "$1"`

/** Watches over the processes of a folder. Disposing it is the same as our end: they are killed, the folder goes. */
export function guard(folder: string): AsyncDisposable {
  const child = spawn('sh', ['-c', guardScript, 'sh', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const exited = once(child, 'exit')
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await exited
    },
  }
}
