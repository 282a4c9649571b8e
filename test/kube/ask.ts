/** One request to an API server as it stands, for whoever looks at the status and the words of the answer. */

import { Agent, request } from 'undici'
import type { ClusterAccess } from './api-server.ts'

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the root, e.g. `/apis/scim-operator.io/v1alpha1/namespaces/acme/scimintegrations`. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** A patch says which kind it is. Default `application/json`. */
  readonly contentType?: string
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** Connections that trust the API server. Whoever opens it destroys it. */
export const apiAgent = ({ ca }: Pick<ClusterAccess, 'ca'>): Agent =>
  new Agent({ connect: { ca }, allowH2: false })

/** Asks with the token of the access. Rejects if there is no answer. */
export async function ask(
  { server, token }: Pick<ClusterAccess, 'server' | 'token'>,
  agent: Agent,
  { method, path, body, contentType = 'application/json', signal }: Call,
): Promise<Answer> {
  const answer = await request(`${server}${path}`, {
    method,
    dispatcher: agent,
    headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
  return { status: answer.statusCode, text: await answer.body.text() }
}
