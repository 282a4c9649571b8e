/** The two companies of the demo, each with the ids its identity provider gives. */
import { foundCompany } from './cast.ts'

import type { Random } from './random.ts'

/** Entra ID's object ids are UUIDs (version 4). */
const newObjectId = (random: Random): string =>
  `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}`

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('')

/** Okta's ids: a prefix for the kind and 17 letters and digits. */
const newOktaId = (prefix: string, random: Random): string =>
  `${prefix}${Array.from({ length: 17 }, () => random.pick(base62)).join('')}`

export const contoso = foundCompany({
  domain: 'contoso.example',
  people: 240,
  seed: 20_261_122,
  newPersonId: newObjectId,
  newTeamId: newObjectId,
  namelessShare: 0,
  ownScriptShare: 0,
  hasManagers: true,
})

export const globex = foundCompany({
  domain: 'globex.example',
  people: 240,
  seed: 9_865,
  newPersonId: (random) => newOktaId('00u', random),
  newTeamId: (random) => newOktaId('00g', random),
  namelessShare: 0.08,
  ownScriptShare: 0.1,
  hasManagers: false,
})
