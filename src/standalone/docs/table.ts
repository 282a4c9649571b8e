/** A Markdown table. */

/** Cells may hold any text; `|` and line breaks in them are no structure. */
export const markdownTable = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')

/** As code, or nothing where there is nothing. */
export const code = (text: string | undefined): string =>
  text === undefined || text === '' ? '' : `\`${text}\``

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')
