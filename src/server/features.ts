/** What ServiceProviderConfig may leave out, as this server has it. */

import type { Features } from '#scim/discovery.ts'

/** Cursors hold a position and no state of ours, so they do not expire. */
export const features: Features = { cursor: {} }
