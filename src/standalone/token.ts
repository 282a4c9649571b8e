/** `npm run token -- NAMESPACE/NAME`: reveals the token of an integration, acknowledges it, or rotates it. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { copiedFlag } from './summary.ts'
import { acknowledge, reveal, rotate } from './token-command.ts'

import { commandLine } from '#platform/config.ts'
import { Mistake } from '#platform/mistake.ts'

import type { TokenAnswer } from './token-command.ts'

const usage = `npm run token -- NAMESPACE/NAME [--reader NAME] [--acknowledge | --rotate]

  NAMESPACE/NAME   the integration; shows its token (to standard output) until it is acknowledged
  --reader NAME    the token of one of its readers instead of the identity provider's
  --acknowledge    you have the token: its Secret is deleted, nobody can read it again
  --rotate         issues a new token; the old one works for spec.token.rotation.overlapSeconds
  --state DIR      state folder of the instance (or STATE_DIR; .state)
  --manifests DIR  its manifests, which --rotate edits (or MANIFESTS_DIR; manifests)
`

const run = async (): Promise<TokenAnswer> => {
  const { args, env } = commandLine()
  const { values, positionals } = parsed(args)
  if (values.help === true) return { words: usage }
  const [integration = '', ...more] = positionals
  const [namespace, name, ...rest] = integration.split('/')
  if (namespace === undefined || name === undefined || name === '' || rest.length > 0 || more.length > 0)
    throw new Mistake(`Name one integration as NAMESPACE/NAME.\n\n${usage}`)
  if (values.acknowledge === true && values.rotate === true)
    throw new Mistake('Take --acknowledge or --rotate: a new token is not acknowledged before it is taken.')
  const owner = { namespace, name, reader: values.reader }
  const folders = {
    state: resolve(values.state ?? (env['STATE_DIR'] || '.state')),
    manifests: resolve(values.manifests ?? (env['MANIFESTS_DIR'] || 'manifests')),
    flags: copiedFlag('--state', values.state) + copiedFlag('--manifests', values.manifests),
  }
  if (values.acknowledge === true) return acknowledge(folders, owner)
  return values.rotate === true ? rotate(folders, owner, new Date()) : reveal(folders, owner)
}

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        reader: { type: 'string' },
        acknowledge: { type: 'boolean' },
        rotate: { type: 'boolean' },
        state: { type: 'string' },
        manifests: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
  } catch (cause) {
    throw new Mistake(`${cause instanceof Error ? cause.message : String(cause)}\n\n${usage}`, { cause })
  }
}

try {
  const { token, words } = await run()
  if (token !== undefined) process.stdout.write(`${token}\n`)
  process.stderr.write(`${words}\n`)
} catch (error) {
  if (!(error instanceof Mistake)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
