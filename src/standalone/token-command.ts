/** What `npm run token` does: reveal a token, acknowledge that it was taken, ask for a new one. */
import { readFile } from 'node:fs/promises'

import { parseDocument } from 'yaml'
import { z } from 'zod'

import { readIfThere, writeAtomically } from './kube-folder/atomic-file.ts'
import { requestRotation } from './manifest-edit.ts'
import { findToken, namedToken } from './token-place.ts'

import { Mistake } from '#platform/mistake.ts'
import { sleep } from '#platform/retry.ts'

import type { TokenOwner, TokenPlace } from './token-place.ts'

export interface TokenFolders {
  readonly state: string
  readonly manifests: string
  /** The flags by which they were named, for commands that a person copies. */
  readonly flags: string
}

/** What to print: the token alone goes to standard output, so that it can be piped; the rest is for the person. */
export interface TokenAnswer {
  readonly token?: string
  readonly words: string
}

/** How long a running instance is given to take over what was asked of it. */
const takeOverMs = 10_000
const pollMs = 100

/** The annotation by which the operator is told that someone has the token (reference: the API of the product). */
const acknowledged = 'scim-operator.io/acknowledged'

const DeliverySecret = z.object({ data: z.object({ token: z.base64() }) })

/** Shows the token, as often as it is asked until it is acknowledged or expires. */
export const reveal = async (folders: TokenFolders, owner: TokenOwner): Promise<TokenAnswer> => {
  const { secret, integration } = await findToken(folders.state, owner)
  if (secret === undefined) throw gone(folders, owner)
  const { data } = DeliverySecret.parse(parseDocument(await readFile(secret, 'utf8')).toJS())
  const until = deliveryOf(integration, owner)?.expirationTime
  return {
    token: Buffer.from(data.token, 'base64').toString('utf8'),
    words: [
      `It stands in ${secret}${until === undefined ? '' : ` until ${until}`}.`,
      `Once you have pasted it: ${command(folders, owner)} --acknowledge`,
    ].join('\n'),
  }
}

/** Says that the token was taken: the operator then deletes the Secret, and nobody can read the token again. */
export const acknowledge = async (folders: TokenFolders, owner: TokenOwner): Promise<TokenAnswer> => {
  const { secret, tokenID } = await findToken(folders.state, owner)
  if (secret === undefined) throw gone(folders, owner)
  const document = parseDocument(await readFile(secret, 'utf8'))
  document.setIn(['metadata', 'annotations', acknowledged], tokenID)
  await writeAtomically(secret, document.toString({ lineWidth: 0 }))
  const isDeleted = await until(async () => (await readIfThere(secret)) === undefined)
  return {
    words: isDeleted
      ? `The token of ${namedToken(owner)} is acknowledged; its Secret is deleted.`
      : `The token of ${namedToken(owner)} is acknowledged; its Secret goes as soon as scim-operator runs.`,
  }
}

/** Asks for a new token by editing the manifest, which is where the wish belongs. */
export const rotate = async (folders: TokenFolders, owner: TokenOwner, now: Date): Promise<TokenAnswer> => {
  const { integration } = await findToken(folders.state, owner)
  const requestID = now.toISOString().replace(/\.\d+Z$/, 'Z')
  const file = await requestRotation(folders.manifests, owner, requestID)
  const isDone = await until(async () => (await findToken(folders.state, owner)).lastRequestID === requestID)
  const overlap = rotationOf(integration, owner)?.overlapSeconds ?? 0
  return {
    words: isDone
      ? [
          `A new token of ${namedToken(owner)} is issued (requestID ${requestID} in ${file}).`,
          `The old one works for another ${overlap} s. See the new one: ${command(folders, owner)}`,
        ].join('\n')
      : `Asked for in ${file} (requestID ${requestID}); it is issued as soon as scim-operator runs.`,
  }
}

const command = ({ flags }: TokenFolders, owner: TokenOwner): string =>
  `npm run token -- ${namedToken(owner)}${flags}`

const gone = (folders: TokenFolders, owner: TokenOwner): Mistake =>
  new Mistake(
    `The token of ${namedToken(owner)} was taken or its delivery has expired, and nobody can read it again; for a new one: ${command(folders, owner)} --rotate`,
  )

const deliveryOf = ({ status }: TokenPlace['integration'], { reader }: TokenOwner) =>
  (reader === undefined ? status : status.readers?.find(({ name }) => name === reader))?.delivery

const rotationOf = ({ spec }: TokenPlace['integration'], { reader }: TokenOwner) =>
  (reader === undefined ? spec.token : spec.readers?.find(({ name }) => name === reader))?.rotation

const until = async (isTrue: () => Promise<boolean>): Promise<boolean> => {
  for (let waitedMs = 0; waitedMs <= takeOverMs; waitedMs += pollMs) {
    if (await isTrue()) return true
    await sleep(pollMs)
  }
  return false
}
