/** Requests per second and tenant, with room for bursts; counted in this process, so the limit is per pod. */

import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

import { ScimError } from '#scim/errors.ts'

export interface RateLimits {
  readonly requestsPerSecond: number
  readonly burst: number
}

/** The burst is refilled once in this time: long enough that it does not double the sustained rate. */
const burstSeconds = 60

/** Admits a request of a tenant, or throws 429 with whole seconds, as Okta and Entra read them. */
export type RateLimit = (tenantId: string, limits: RateLimits) => Promise<void>

export const createRateLimit = (): RateLimit => {
  // Tenants with the same limits share a limiter; it counts by tenant.
  const limiters = new Map<string, BurstyRateLimiter>()
  const limiterFor = ({ requestsPerSecond, burst }: RateLimits): BurstyRateLimiter => {
    const key = `${requestsPerSecond}/${burst}`
    const known = limiters.get(key)
    if (known !== undefined) return known
    const limiter = new BurstyRateLimiter(
      new RateLimiterMemory({ points: requestsPerSecond, duration: 1 }),
      new RateLimiterMemory({ points: burst, duration: burstSeconds }),
    )
    limiters.set(key, limiter)
    return limiter
  }
  return async (tenantId, limits) => {
    try {
      await limiterFor(limits).consume(tenantId)
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000))
      throw new ScimError(
        429,
        `More than ${limits.requestsPerSecond} requests per second and its burst of ${limits.burst} are used up; try again in ${retryAfterSeconds} s.`,
        { retryAfterSeconds },
      )
    }
  }
}
