/** What processes use, read from /proc: on another system there are no figures, and the rows say so. */
import { readdirSync, readFileSync } from 'node:fs'

import { Client } from 'pg'

import type { Cpu } from './measure.ts'

const ticksPerSecond = 100

const statOf = (pid: number): readonly string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name before the parenthesis may hold anything. Field n of proc(5) is element n - 3.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** CPU seconds that a process used: its threads by the nanosecond, and the children that it has waited for. */
const cpuOf = (pid: number): number => {
  const fields = statOf(pid)
  const waitedFor = (Number(fields[13]) + Number(fields[14])) / ticksPerSecond
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    return Number(nanoseconds) / 1e9
  })
  return threads.reduce((sum, one) => sum + one, waitedFor)
}

/** Resident memory in MB, undefined where there is no /proc. */
export const memoryMB = (pid: number): number | undefined => {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
  } catch {
    return undefined
  }
}

/** The CPU seconds of a process so far. */
export const cpuSeconds = (pid: number): number | undefined => {
  try {
    return cpuOf(pid)
  } catch {
    return undefined
  }
}

/** The CPU seconds so far of some servers, and of all processes of a Postgres on this machine. */
export const usageOf = async (
  ownerUrl: string,
  servers: readonly number[],
): Promise<() => Cpu | undefined> => {
  const postgresSeconds = await postgresUsage(ownerUrl)
  return () => {
    const seconds = servers.map(cpuSeconds)
    const postgres = postgresSeconds()
    return postgres === undefined || seconds.includes(undefined)
      ? undefined
      : { server: seconds.reduce<number>((sum, one) => sum + (one ?? 0), 0), postgres, client: ownSeconds() }
  }
}

/** With all its threads, also those that ended. */
const ownSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** The CPU seconds so far of all processes of the Postgres that this URL leads to. */
export const postgresUsage = async (ownerUrl: string): Promise<() => number | undefined> => {
  const postmaster = await postmasterOf(ownerUrl)
  return () => {
    if (postmaster === undefined) return undefined
    const children = readdirSync('/proc').filter((name) => parentOf(Number(name)) === postmaster)
    return [postmaster, ...children.map(Number)].reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0)
  }
}

const postmasterOf = async (ownerUrl: string): Promise<number | undefined> => {
  const client = new Client({ connectionString: ownerUrl })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    return parentOf(rows[0]?.pid ?? Number.NaN)
  } finally {
    await client.end()
  }
}

const parentOf = (pid: number): number | undefined => {
  try {
    return Number(statOf(pid)[1])
  } catch {
    return undefined
  }
}
