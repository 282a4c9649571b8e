/** Which files of the build context a .dockerignore leaves out; the last line that matches decides. */

/** For lines that are a path, a path after `!`, or `*`: throws for any other pattern. Paths are relative to the context. */
export function readIgnoreFile(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .map((line) => {
      const isException = line.startsWith('!')
      const pattern = isException ? line.slice(1) : line
      if (pattern !== '*' && /[*?[\]\\]/.test(pattern)) throw new Error(`No pattern for us: ${line}`)
      return { isException, pattern }
    })
  return (path) => {
    const last = rules.findLast(
      ({ pattern }) => pattern === '*' || path === pattern || path.startsWith(`${pattern}/`),
    )
    return last !== undefined && !last.isException
  }
}
