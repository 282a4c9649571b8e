/** Reads a Dockerfile as far as ours goes; what it does not know it refuses, so that no step is passed over. */

export type Instruction =
  | { readonly keyword: 'FROM'; readonly image: string; readonly stage: string | undefined }
  | { readonly keyword: 'WORKDIR'; readonly folder: string }
  | {
      readonly keyword: 'COPY'
      readonly from: string | undefined
      readonly sources: readonly string[]
      readonly target: string
    }
  | { readonly keyword: 'RUN'; readonly command: string }
  | { readonly keyword: 'ENV' | 'LABEL'; readonly values: Readonly<Record<string, string>> }
  | { readonly keyword: 'USER'; readonly user: string }
  | { readonly keyword: 'EXPOSE'; readonly ports: readonly string[] }
  | { readonly keyword: 'ENTRYPOINT' | 'CMD'; readonly command: readonly string[] }

/** The instructions in order, `${NAME}` of the ARGs before the first FROM filled in. */
export function readDockerfile(text: string): Instruction[] {
  const args = new Map<string, string>()
  const instructions: Instruction[] = []
  for (const line of logicalLines(text)) {
    const [, keyword = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? []
    if (keyword === 'ARG') {
      const [, name = '', value = ''] = /^(\w+)=(\S+)$/.exec(rest) ?? refuse(line)
      args.set(name, value)
    } else {
      const filled = rest.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => args.get(name) ?? refuse(line))
      instructions.push(instruction(keyword, filled, line))
    }
  }
  return instructions
}

/** Without comments and empty lines, a line that ends in a backslash joined with the next. */
function logicalLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
}

function instruction(keyword: string, rest: string, line: string): Instruction {
  switch (keyword) {
    case 'FROM': {
      const [, image = '', stage] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? refuse(line)
      return { keyword, image, stage }
    }
    case 'WORKDIR':
      return { keyword, folder: rest }
    case 'COPY': {
      const [, from, paths = ''] = /^(?:--from=(\S+) )?([^-].*)$/.exec(rest) ?? refuse(line)
      const words = paths.split(/\s+/)
      const target = words.pop() ?? refuse(line)
      return { keyword, from, sources: words, target }
    }
    case 'RUN':
      return { keyword, command: rest }
    case 'ENV':
    case 'LABEL':
      return { keyword, values: pairs(rest, line) }
    case 'USER':
      return { keyword, user: rest }
    case 'EXPOSE':
      return { keyword, ports: rest.split(/\s+/) }
    case 'ENTRYPOINT':
    case 'CMD':
      return { keyword, command: words(rest, line) }
    default:
      return refuse(line)
  }
}

/** `name=value name="some value" …` */
function pairs(text: string, line: string): Record<string, string> {
  const pattern = /([\w.]+)=(?:"([^"\\]*)"|([^\s"\\]+))(?:\s+|$)/gy
  const found = [...text.matchAll(pattern)]
  if (found.map(([match]) => match).join('') !== text) refuse(line)
  return Object.fromEntries(found.map(([, name = '', quoted, bare]) => [name, quoted ?? bare ?? '']))
}

/** The exec form only: a shell between the container and Node would keep the signals to itself. */
function words(text: string, line: string): string[] {
  const list: unknown = text.startsWith('[') ? JSON.parse(text) : refuse(line)
  if (!Array.isArray(list)) return refuse(line)
  return list.map((word) => (typeof word === 'string' ? word : refuse(line)))
}

function refuse(line: string): never {
  throw new Error(`The Dockerfile has a line that the assembly does not know: ${line}`)
}
