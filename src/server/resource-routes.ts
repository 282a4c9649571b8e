/** Resource types x verbs -> handlers: the same for a request of its own and for an operation of a bulk request. */

import type { ResourceType } from '#scim/schema.ts'

import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { create } from './handlers/create.ts'
import { list } from './handlers/list.ts'
import { patch } from './handlers/patch.ts'
import { read } from './handlers/read.ts'
import { remove } from './handlers/remove.ts'
import { replace } from './handlers/replace.ts'

export type Handle = (call: Call, id: string) => Promise<Answer> | Answer

export interface Endpoint {
  /** Resource type or endpoint, for metrics. */
  readonly name: string
  /** Answers without a token. */
  readonly isPublic?: boolean
  readonly methods: Readonly<Record<string, Handle>>
}

/** All resources of a type. */
export const collection = (type: ResourceType): Endpoint => ({
  name: type.name,
  methods: { GET: (call) => list(call, type), POST: (call) => create(call, type) },
})

/** One of them. */
export const item = (type: ResourceType): Endpoint => ({
  name: type.name,
  methods: {
    GET: (call, id) => read(call, type, id),
    PUT: (call, id) => replace(call, type, id),
    PATCH: (call, id) => patch(call, type, id),
    DELETE: (call, id) => remove(call, type, id),
  },
})
