/** Ends a process of a test run together with the process that started it, however that ends. */
import { spawn } from 'node:child_process'

/** The standard input is a pipe of ours: it closes when we end, also by `kill -9`. */
const script = 'read -r _; kill -s "$1" "$2"'

/**
 * Watches from outside. Disposing it ends the watch and not the process: for when that has ended by itself, and its id
 * may become another's.
 *
 * @param signal e.g. TERM where a process has to stop what it started itself
 */
export function endWithUs(pid: number, signal: 'KILL' | 'QUIT' | 'TERM'): Disposable {
  const watcher = spawn('sh', ['-c', script, 'sh', signal, String(pid)], {
    // Ctrl-C at a terminal goes to the whole group.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  return { [Symbol.dispose]: () => void watcher.kill('SIGKILL') }
}
