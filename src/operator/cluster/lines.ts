/** Bytes as they come in, cut into lines of text. */

/** Objects are at most 1.5 MB in etcd; a line far beyond that is no event, and must not eat the memory. */
const longestLine = 16 * 1024 * 1024

/**
 * Each line without its end; the rest after the last one too, if there is any.
 * @throws Error for a line that does not end
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
    if (rest.length > longestLine) throw new Error('a line does not end')
  }
  if (rest !== '') yield rest
}
