/** A refusal that needs headers of its own, such as Allow or WWW-Authenticate. */

import { ScimError } from '#scim/errors.ts'

import type { ScimErrorOptions } from '#scim/errors.ts'

export interface RefusalOptions extends ScimErrorOptions {
  readonly headers?: Readonly<Record<string, string>>
}

export class Refusal extends ScimError {
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, detail: string, options: RefusalOptions = {}) {
    super(status, detail, options)
    this.headers = options.headers ?? {}
  }
}

/** The 405 of an endpoint that has other methods; they are in Allow. */
export const methodNotAllowed = (methods: Readonly<Record<string, unknown>>, method: string): Refusal => {
  const allow = Object.keys(methods).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
  return new Refusal(405, `${method} is not possible here.`, { headers: { allow: allow.join(', ') } })
}
