/** What `scim2 test` prints, read: a line `STATUS title` for each check, and indented lines about it. */

export interface Check {
  /** SUCCESS, or one of COMPLIANT, ACCEPTABLE, DEVIATION, ERROR, CRITICAL, SKIPPED. */
  readonly status: string
  readonly title: string
  /** What the suite says about it, with the data behind a failure; may be empty. */
  readonly reason: string
}

const head = /^(?<status>[A-Z]+) (?<title>\w+)$/

/** Checks in the order of the suite; other lines before the first one are left out. */
export const checksIn = (output: string): readonly Check[] => {
  const checks: Check[] = []
  for (const line of output.split('\n')) {
    const { status, title } = head.exec(line)?.groups ?? {}
    const last = checks.at(-1)
    if (status !== undefined && title !== undefined) checks.push({ status, title, reason: '' })
    else if (last !== undefined) checks[checks.length - 1] = { ...last, reason: `${last.reason}${line}\n` }
  }
  return checks
}
