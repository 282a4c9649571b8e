/** Bodies of SCIM requests with as little writing as possible. */

import type { Json, JsonObject } from '#scim/json.ts'
import { messageUrns } from '#scim/urns.ts'

/** A PatchOp message. */
export const patchBody = (operations: readonly Json[]): JsonObject => ({
  schemas: [messageUrns.patchOp],
  Operations: operations,
})
