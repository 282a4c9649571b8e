/** Telling one process from a later one with the same id. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** When the process started, as text that no later process of that id has; empty if there is no such process. */
export const startOf = async (pid: number): Promise<string> => {
  if (process.platform === 'linux') return startOnLinux(pid)
  return (await ps(pid, 'lstart=')).trim()
}

/** The process's command line; empty if there is no such process. */
export const commandOf = async (pid: number): Promise<string> => {
  if (process.platform !== 'linux') return ps(pid, 'command=')
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text.replaceAll('\0', ' ').trim()
}

/** Field 22 of stat, in clock ticks since the machine started, and which start of the machine that was. */
const startOnLinux = async (pid: number): Promise<string> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The command, second, is in brackets and may hold blanks and brackets itself.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  if (started === undefined) return ''
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  return `${boot.trim()} ${started}`
}

const ps = async (pid: number, column: string): Promise<string> => {
  try {
    const { stdout } = await run('ps', ['-p', String(pid), '-o', column])
    return stdout
  } catch {
    // ps exits 1 where there is no such process.
    return ''
  }
}
