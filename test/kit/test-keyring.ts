/** One pepper, the same in every test. */

import type { Keyring } from '#directory/token.ts'

const pepper = { kid: 'k1', key: Buffer.alloc(32, 7) }

export const testKeyring: Keyring = {
  current: () => pepper,
  find: (kid) => (kid === pepper.kid ? pepper : undefined),
}
