/** A refusal as the API server words it (Kubernetes API conventions, Response Status Kind). */

export interface StatusRest {
  readonly message?: string
  readonly details?: unknown
}

export function statusOf(code: number, reason: string, rest: StatusRest = {}): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'no', ...rest, reason, code }
}
