/** Where the token of an integration, or of one of its readers, stands; read from the files of the state folder. */
import { join } from 'node:path'

import { readIfThere } from './kube-folder/atomic-file.ts'
import { objectPath, parseObjectFile } from './kube-folder/object-file.ts'
import { pathsIn } from './state-folder.ts'

import { ScimIntegration, scimIntegration } from '#operator/api/scim-integration.ts'
import { Mistake } from '#platform/mistake.ts'

/** Whose token: the identity provider's of an integration, or one reader's. */
export interface TokenOwner {
  readonly namespace: string
  readonly name: string
  readonly reader: string | undefined
}

export interface TokenPlace {
  readonly integration: ScimIntegration
  /** Path of the Secret it is delivered in; undefined once taken or expired. */
  readonly secret: string | undefined
  readonly tokenID: string | undefined
  /** The last rotation request that was carried out. */
  readonly lastRequestID: string | undefined
}

/** Throws a Mistake if there is no such integration or reader. */
export const findToken = async (state: string, owner: TokenOwner): Promise<TokenPlace> => {
  const folder = pathsIn(state).kubernetes
  const path = join(folder, objectPath(scimIntegration.plural, owner))
  const text = await readIfThere(path)
  if (text === undefined)
    throw new Mistake(
      `There is no integration ${owner.namespace}/${owner.name} in ${state}: is its manifest there, and is it started?`,
    )
  const parsed = ScimIntegration.safeParse(objectIn(text, path))
  if (!parsed.success) throw new Mistake(`${owner.namespace}/${owner.name} is refused: see ${path}.`)
  const { status } = parsed.data
  const tokens =
    owner.reader === undefined ? status : status.readers?.find(({ name }) => name === owner.reader)
  if (tokens === undefined)
    throw new Mistake(`${owner.namespace}/${owner.name} has no reader ${owner.reader} (spec.readers).`)
  const { delivery, rotation } = tokens
  const secret =
    delivery?.state === 'Pending'
      ? join(folder, objectPath('secrets', { namespace: owner.namespace, name: delivery.secretName }))
      : undefined
  const isThere = secret !== undefined && (await readIfThere(secret)) !== undefined
  return {
    integration: parsed.data,
    secret: isThere ? secret : undefined,
    tokenID: delivery?.tokenID,
    lastRequestID: rotation?.lastRequestID,
  }
}

/** How a person names it: `acme/okta`, `acme/okta --reader fleet`. */
export const namedToken = ({ namespace, name, reader }: TokenOwner): string =>
  `${namespace}/${name}${reader === undefined ? '' : ` --reader ${reader}`}`

const objectIn = (text: string, path: string): unknown => {
  const parsed = parseObjectFile(text, path)
  return parsed.kind === 'object' ? parsed.object : undefined
}
