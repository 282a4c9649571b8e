/** What a token decision means for people: status, the condition, and the next instant at which it will change. */
import { wholeSeconds } from '#operator/conditions.ts'

import { deliverySecretName, sequenceOf } from './names.ts'
import { forgetAfterMs, isDead } from './tokens.ts'

import type { TokensStatus } from '#operator/api/scim-integration-status.ts'

import type { Owner } from './names.ts'
import type { Fact } from './summary.ts'
import type { TokenDecision, TokenTimes } from './tokens.ts'

type TokenStatus = NonNullable<TokensStatus['tokens']>[number]
type DeliveryStatus = NonNullable<TokensStatus['delivery']>

/** All tokens as they are once the decision is carried out, newest first. */
export function tokensAfter({ issue, keep }: TokenDecision, now: Date): TokenTimes[] {
  if (issue === undefined) return [...keep]
  return [{ id: issue.id, created: now, expires: issue.expires, retires: null, revoked: null }, ...keep]
}

export interface ReportOptions {
  readonly owner: Owner
  readonly now: Date
  /** What the status said before: it remembers how a delivery ended. */
  readonly before: TokensStatus
  /** Day of last use, by token id. */
  readonly lastUsed: ReadonlyMap<string, Date>
}

/** The part of the status that shows the tokens of one purpose. */
export function tokensStatus(decision: TokenDecision, options: ReportOptions): TokensStatus {
  const { now, lastUsed, before } = options
  const tokens = tokensAfter(decision, now).map((times) => tokenStatus(times, lastUsed.get(times.id), now))
  const lost = decision.isLost ? lostTokens(before, decision) : []
  const delivery = deliveryStatus(decision, options)
  const { requestID, source } = decision.done
  return {
    tokens: [...lost, ...tokens].slice(0, 4),
    ...(delivery === undefined ? {} : { delivery }),
    rotation: {
      ...(requestID === undefined ? {} : { lastRequestID: requestID }),
      ...(source === undefined ? {} : { lastSource: source }),
    },
  }
}

function tokenStatus(times: TokenTimes, used: Date | undefined, now: Date): TokenStatus {
  return {
    id: times.id,
    state: stateOf(times, now),
    createdTime: wholeSeconds(times.created),
    ...(times.expires === null ? {} : { expirationTime: wholeSeconds(times.expires) }),
    ...(times.retires === null ? {} : { retirementTime: wholeSeconds(times.retires) }),
    ...(used === undefined ? {} : { lastUsedTime: wholeSeconds(used) }),
  }
}

/** They stay in the status, since it alone remembers that a token was issued: without it the next pass would mint. */
function lostTokens({ tokens = [] }: TokensStatus, { keep }: TokenDecision): TokenStatus[] {
  const newest = keep[0] === undefined ? 0 : sequenceOf(keep[0].id)
  return tokens.filter(({ id }) => sequenceOf(id) > newest).map(asLost)
}

function asLost(token: TokenStatus): TokenStatus {
  return { ...token, state: 'Lost' }
}

function stateOf(times: TokenTimes, now: Date): TokenStatus['state'] {
  if (times.revoked !== null) return 'Revoked'
  if (isDead(times, now)) return 'Expired'
  return times.retires === null ? 'Active' : 'Retiring'
}

function deliveryStatus(decision: TokenDecision, options: ReportOptions): DeliveryStatus | undefined {
  const { owner, now, before } = options
  const { issue, pending } = decision
  if (issue !== undefined) {
    if (issue.source === 'SecretRef') return undefined
    return {
      tokenID: issue.id,
      secretName: deliverySecretName(owner, decision.reader, issue.sequence),
      expirationTime: wholeSeconds(issue.deliveryExpires),
      state: 'Pending',
    }
  }
  if (pending !== undefined) return statusOf(pending, 'Pending')
  const newest = decision.keep[0]?.id
  const dropped = decision.drop.find(({ delivery }) => delivery.tokenId === newest)
  if (dropped !== undefined) {
    return statusOf(dropped.delivery, dropped.reason === 'Expired' ? 'Expired' : 'Acknowledged')
  }
  if (before.delivery === undefined || before.delivery.tokenID !== newest) return undefined
  if (before.delivery.state !== 'Pending') return before.delivery
  // The Secret went without us: someone took it away, or we did and were cut short before the status.
  const isOver = Date.parse(before.delivery.expirationTime) <= now.getTime()
  return { ...before.delivery, state: isOver ? 'Expired' : 'Acknowledged' }
}

function statusOf(
  delivery: NonNullable<TokenDecision['pending']>,
  state: DeliveryStatus['state'],
): DeliveryStatus {
  return {
    tokenID: delivery.tokenId,
    secretName: delivery.secretName,
    expirationTime: wholeSeconds(delivery.expires),
    state,
  }
}

/** TokenReady: whether a token works, and where it is. */
export function tokenReady(decision: TokenDecision, status: TokensStatus, now: Date): Fact {
  const type = 'TokenReady'
  const tokens = tokensAfter(decision, now)
  if (decision.isLost) {
    return {
      type,
      status: 'False',
      reason: 'TokenLost',
      message:
        'Neither the Secret nor the database holds the token any more. Set a new token.rotation.requestID to issue another.',
    }
  }
  if (tokens.every((times) => isDead(times, now))) {
    if (decision.problem !== undefined) {
      return { type, status: 'False', reason: 'SecretInvalid', message: decision.problem }
    }
    const isRevoked = tokens[0]?.revoked !== null
    return {
      type,
      status: 'False',
      reason: isRevoked ? 'TokenRevoked' : 'TokenExpired',
      message: 'No token is valid. Set a new token.rotation.requestID to issue one.',
    }
  }
  return { type, status: 'True', ...whereabouts(decision, status) }
}

function whereabouts(
  decision: TokenDecision,
  { delivery }: TokensStatus,
): { reason: string; message: string } {
  if (decision.done.source === 'SecretRef') {
    return { reason: 'UserProvided', message: 'The token of token.secretRef is accepted.' }
  }
  switch (delivery?.state) {
    case 'Pending':
      return {
        reason: 'AwaitingAcknowledgement',
        message: `Secret ${delivery.secretName} holds the token until ${delivery.expirationTime} or until it is annotated scim-operator.io/acknowledged=${delivery.tokenID}.`,
      }
    case 'Expired':
      return {
        reason: 'DeliveryExpired',
        message:
          'Nobody acknowledged the token in time and its Secret is gone. If nobody has it, set a new token.rotation.requestID.',
      }
    case 'Acknowledged':
    case undefined:
      return { reason: 'Issued', message: 'A token is valid and was handed over.' }
  }
}

/** Warnings come at these many days before the end, or at a third of a shorter life. */
const warningDays = [1, 7, 30] as const
const dayMs = 86_400_000

function warningStart({ created, expires }: TokenTimes, days: number): number {
  if (expires === null) return Number.POSITIVE_INFINITY
  const life = expires.getTime() - created.getTime()
  return expires.getTime() - Math.min(days * dayMs, life / 3)
}

/** The token that the identity provider is meant to use: the newest one that works. */
function currentOf(tokens: readonly TokenTimes[], now: Date): TokenTimes | undefined {
  return tokens.find((times) => !isDead(times, now) && times.retires === null)
}

/** TokenExpiring: its reason moves from 30 to 7 to 1 day, so that there is one event for each. */
export function tokenExpiring(tokens: readonly TokenTimes[], now: Date): Fact {
  const type = 'TokenExpiring'
  const current = currentOf(tokens, now)
  const days = current && warningDays.find((days) => warningStart(current, days) <= now.getTime())
  if (current === undefined || current.expires === null || days === undefined) {
    return { type, status: 'False', reason: 'NotExpiring', message: '' }
  }
  return {
    type,
    status: 'True',
    reason: `ExpiresWithin${days === 1 ? 'OneDay' : `${days}Days`}`,
    message: `Token ${current.id} expires at ${wholeSeconds(current.expires)}. Set a new token.rotation.requestID to issue its successor.`,
  }
}

/** The alarm clock: the next instant at which a decision or a report would differ, if nothing else happens. */
export function nextTokenInstant(decision: TokenDecision, now: Date): number | undefined {
  const tokens = tokensAfter(decision, now)
  const deaths = tokens.map(({ expires, retires, revoked }) =>
    Math.min(...[expires, retires, revoked].map((end) => end?.getTime() ?? Number.POSITIVE_INFINITY)),
  )
  const instants = [
    ...deaths,
    ...deaths.slice(1).map((death) => death + forgetAfterMs),
    ...tokens.flatMap((times) => warningDays.map((days) => warningStart(times, days))),
    decision.pending?.expires.getTime() ?? Number.POSITIVE_INFINITY,
    decision.issue?.source === 'Generated'
      ? decision.issue.deliveryExpires.getTime()
      : Number.POSITIVE_INFINITY,
  ]
  const next = Math.min(...instants.filter((instant) => instant > now.getTime()))
  return Number.isFinite(next) ? next : undefined
}
