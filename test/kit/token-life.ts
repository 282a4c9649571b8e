/** The life of the tokens of one purpose, in memory: decisions are carried out, hours pass, people do things. */

import { deliverySecretName, sequenceOf } from '#operator/tenant/names.ts'
import { nextTokenInstant, tokenReady, tokensAfter, tokensStatus } from '#operator/tenant/token-report.ts'
import { decideTokens, isDead } from '#operator/tenant/tokens.ts'

import type { TokensStatus } from '#operator/api/scim-integration-status.ts'
import type {
  DeliveryFacts,
  DoneRotation,
  TokenDecision,
  TokenTimes,
  TokenWish,
} from '#operator/tenant/tokens.ts'

const owner = { namespace: 'acme', name: 'okta', uid: '11111111-2222-4333-8444-555555555555' }

export const hour = 3600
export const day = 24 * hour

export interface TokenLife {
  now: Date
  wish: TokenWish | undefined
  records: readonly TokenTimes[]
  deliveries: readonly DeliveryFacts[]
  done: DoneRotation
  status: TokensStatus
  revoked: string[]
  /** Why the token that is due cannot be issued. */
  problem: string | undefined
  /** Decides without doing anything. */
  look(): TokenDecision
  /** Decides and does all of it; returns the decision. */
  step(): TokenDecision
  /** The same, killed after so many of the four writes: delivery, Secret and row of records, removal, status. */
  crashAfter(writes: number): void
  /** Moves the clock from alarm to alarm, with a step at each. */
  pass(seconds: number): void
  acknowledge(): void
  rotate(requestID: string): TokenDecision
  /** Sequences of tokens that work now, newest first. */
  readonly valid: number[]
  /** The reason of TokenReady. */
  readonly reason: string
}

export function aTokenLife(wish: Partial<TokenWish> = {}): TokenLife {
  const decide = () =>
    decideTokens(
      {
        uid: owner.uid,
        reader: null,
        wish: life.wish,
        records: life.records,
        deliveries: life.deliveries,
        done: life.done,
        shownSequence: Math.max(0, ...(life.status.tokens ?? []).map(({ id }) => sequenceOf(id))),
        revokedIds: new Set(life.revoked),
        problemWith: () => life.problem,
      },
      life.now,
    )
  const write = (decision: TokenDecision, writes: number) => {
    if (writes >= 1) life.deliveries = [...life.deliveries, ...created(decision, life.now)]
    if (writes >= 2) {
      life.records = tokensAfter(decision, life.now)
      life.done = decision.done
    }
    if (writes >= 3) {
      const dropped = new Set(decision.drop.map(({ delivery }) => delivery.secretName))
      life.deliveries = life.deliveries.filter(({ secretName }) => !dropped.has(secretName))
    }
    if (writes >= 4) {
      life.status = tokensStatus(decision, { owner, now: life.now, before: life.status, lastUsed: new Map() })
    }
  }
  const life: TokenLife = {
    now: new Date('2026-11-22T10:00:00Z'),
    wish: {
      source: 'Generated',
      ttlSeconds: 180 * day,
      deliveryTtlSeconds: hour,
      overlapSeconds: day,
      ...wish,
    },
    records: [],
    deliveries: [],
    done: {},
    status: {},
    revoked: [],
    problem: undefined,
    look: decide,
    step() {
      const decision = decide()
      write(decision, 4)
      return decision
    },
    crashAfter: (writes) => write(decide(), writes),
    pass(seconds) {
      const until = life.now.getTime() + seconds * 1000
      for (;;) {
        const next = nextTokenInstant(life.step(), life.now)
        if (next === undefined || next > until) break
        life.now = new Date(next)
      }
      life.now = new Date(until)
      life.step()
    },
    acknowledge() {
      life.deliveries = life.deliveries.map((delivery) =>
        Object.assign({}, delivery, { isAcknowledged: true }),
      )
    },
    rotate(requestID) {
      if (life.wish !== undefined) life.wish = { ...life.wish, requestID }
      return life.step()
    },
    get valid() {
      return life.records.filter((times) => !isDead(times, life.now)).map(({ id }) => sequenceOf(id))
    },
    get reason() {
      const decision = life.look()
      const before = { owner, now: life.now, before: life.status, lastUsed: new Map<string, Date>() }
      return tokenReady(decision, tokensStatus(decision, before), life.now).reason
    },
  }
  return life
}

function created({ issue, reader }: TokenDecision, now: Date): DeliveryFacts[] {
  if (issue?.source !== 'Generated') return []
  return [
    {
      secretName: deliverySecretName(owner, reader, issue.sequence),
      tokenId: issue.id,
      created: now,
      tokenExpires: issue.expires,
      expires: issue.deliveryExpires,
      isAcknowledged: false,
      source: issue.source,
      ...(issue.requestID === undefined ? {} : { requestID: issue.requestID }),
    },
  ]
}
