/** What the server must know of a tenant's specification, as it is stored with the tenant. */

export interface TenantSettings {
  readonly identityProvider: string
  readonly compatibility: {
    readonly patchResponse: 'Resource' | 'NoContent'
    readonly contentType: 'Auto' | 'JSON'
    readonly strictness: 'Lenient' | 'Strict'
    readonly postInactive: 'Conflict' | 'Reactivate'
  }
  readonly limits: TenantLimits
}

export interface TenantLimits {
  readonly maxUsers: number
  readonly maxGroupMembers: number
  readonly requestsPerSecond: number
  readonly burst: number
  readonly maxPayloadBytes: number
}
