/** Log lines as a person at a terminal reads them; programs that read the same stream get them as they are, in JSON. */
import { z } from 'zod'

const Line = z.looseObject({
  time: z.string(),
  level: z.string(),
  room: z.string(),
  msg: z.string().default(''),
  err: z.object({ message: z.string() }).exactOptional(),
})

interface TextStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** A stream for the logger that ends in the given one. */
export const terminalLog = (stream: TextStream): { write(line: string): void } => ({
  write(line) {
    stream.write(stream.isTTY === true ? readable(line) : line)
  },
})

/** `15:04:05 warn kube: manifest refused (object acme/okta, …)`; a line that is no log line is kept. */
export const readable = (line: string): string => {
  const parsed = Line.safeParse(parsedJson(line))
  if (!parsed.success) return line
  const { time, level, room, msg, err, ...facts } = parsed.data
  const told = [
    ...Object.entries(facts).map(([name, value]) => `${name}: ${text(value)}`),
    ...(err === undefined ? [] : [err.message]),
  ]
  return `${time.slice(11, 19)} ${level} ${room}: ${msg}${told.length === 0 ? '' : ` (${told.join('; ')})`}\n`
}

const parsedJson = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    // Not ours; shown as it is.
    return undefined
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
