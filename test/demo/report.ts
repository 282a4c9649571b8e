/** What the person in front of the screen sees: a line per phase with its progress, and the table at the end. */

export interface Report {
  /** Runs a phase and prints its line; `step` moves its figure. */
  phase<T>(title: string, total: number, work: (step: () => void) => Promise<T>): Promise<T>
  line(text: string): void
  /** Columns padded, the first one to the left and the others to the right. */
  table(rows: readonly (readonly string[])[]): void
}

/** On a terminal the line of the phase is redrawn; elsewhere a line every two seconds shows that work goes on. */
export const createReport = (output: NodeJS.WriteStream): Report => {
  const startMs = performance.now()
  const seconds = (): string => `${((performance.now() - startMs) / 1000).toFixed(1).padStart(5)} s`
  const everyMs = output.isTTY ? 100 : 2000
  const line = (text: string): void => void output.write(`${text}\n`)
  return {
    line,
    async phase(title, total, work) {
      let done = 0
      let lastMs = performance.now()
      const figure = (): string => (total === 0 ? '' : ` ${done}/${total}`)
      const draw = (end: string): void =>
        void output.write(`${output.isTTY ? '\r\u001B[K' : ''}${seconds()}  ${title}${figure()}${end}`)
      if (output.isTTY) draw(' …')
      const result = await work(() => {
        done += 1
        if (performance.now() - lastMs < everyMs) return
        lastMs = performance.now()
        draw(output.isTTY ? ' …' : ' …\n')
      })
      draw('\n')
      return result
    },
    table(rows) {
      const widths =
        rows[0]?.map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? '')))) ?? []
      for (const row of rows) {
        const cells = row.map((cell, column) => {
          const padding = ' '.repeat((widths[column] ?? 0) - width(cell))
          return column === 0 ? cell + padding : padding + cell
        })
        line(`  ${cells.join('   ').trimEnd()}`)
      }
    },
  }
}

/** Columns on a terminal: CJK characters take two. */
const width = (text: string): number =>
  Array.from(text).reduce(
    (sum, character) => sum + (/[\u2E80-\u9FFF\uAC00-\uD7AF\uFF00-\uFF60]/u.test(character) ? 2 : 1),
    0,
  )
