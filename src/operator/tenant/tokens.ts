/**
 * Which tokens of one purpose to issue, keep, retire, revoke and forget at this moment, and when to look again.
 * Pure: the clock and the world are arguments.
 *
 *   rotation   n=1 ──Active──┐requestID              retires
 *                            ├────Retiring────────────┤Expired ──7 days──▷ forgotten
 *              n=2           └──Active───────────────────────────────────▷ expires
 *   delivery                 ├─Pending─┤ acknowledged, or its time is over: the Secret with the token goes
 */

import { sequenceOf, tokenIdFor } from './names.ts'

/** What the record of a token says, without hash and MAC. */
export interface TokenTimes {
  readonly id: string
  readonly created: Date
  readonly expires: Date | null
  readonly retires: Date | null
  readonly revoked: Date | null
}

export type TokenSource = 'Generated' | 'SecretRef'

/** What the spec wants of one purpose: the identity provider's token, or a reader's. */
export interface TokenWish {
  readonly source: TokenSource
  readonly ttlSeconds: number
  readonly deliveryTtlSeconds: number
  readonly overlapSeconds: number
  readonly requestID?: string
}

/** The rotation that is done. */
export interface DoneRotation {
  readonly requestID?: string
  readonly source?: TokenSource
}

/** A delivery Secret whose MAC is right. */
export interface DeliveryFacts extends DoneRotation {
  readonly secretName: string
  readonly tokenId: string
  readonly created: Date
  readonly tokenExpires: Date
  /** When the Secret goes even if nobody took it. */
  readonly expires: Date
  readonly isAcknowledged: boolean
}

export interface TokenSituation {
  readonly uid: string
  /** Null for the identity provider's token. */
  readonly reader: string | null
  /** Undefined once a reader is no longer in the spec. */
  readonly wish: TokenWish | undefined
  /** Authentic records, of Secret and row together. */
  readonly records: readonly TokenTimes[]
  readonly deliveries: readonly DeliveryFacts[]
  /** What status and hash Secret remember of rotations. */
  readonly done: DoneRotation
  /** The highest n that the status has ever shown: tokens were issued, even if no record of them is left. */
  readonly shownSequence: number
  readonly revokedIds: ReadonlySet<string>
  /** Why a token that is due cannot be issued, if so. */
  readonly problemWith?: (issue: Issue) => string | undefined
}

export interface Issue {
  readonly id: string
  readonly sequence: number
  readonly source: TokenSource
  readonly requestID?: string
  readonly expires: Date
  readonly deliveryExpires: Date
}

export type DropReason = 'Acknowledged' | 'Expired' | 'Superseded' | 'Revoked'

export interface TokenDecision {
  readonly reader: string | null
  readonly issue: Issue | undefined
  /** Deliveries of a crashed issue: their tokens get the records they lack. */
  readonly adopt: readonly DeliveryFacts[]
  /** Every record there is to be afterwards, without the one of `issue`, newest first. */
  readonly keep: readonly TokenTimes[]
  /** Ids of `keep` whose token ended in this pass, and how: for events. */
  readonly ended: readonly { readonly id: string; readonly how: 'Retired' | 'Revoked' }[]
  readonly forget: readonly string[]
  readonly drop: readonly { readonly delivery: DeliveryFacts; readonly reason: DropReason }[]
  /** The delivery that stays. */
  readonly pending: DeliveryFacts | undefined
  readonly done: DoneRotation
  /** The newest token that was ever shown has no record any more. */
  readonly isLost: boolean
  readonly problem: string | undefined
}

/** How long the record of a dead token stays visible. */
export const forgetAfterMs = 7 * 86_400_000
/** Records per purpose, as many as the status shows. */
const mostRecords = 4

/** Decides; see the picture above. */
export function decideTokens(situation: TokenSituation, now: Date): TokenDecision {
  const { wish, deliveries } = situation
  const adopt = deliveries.filter((delivery) => isUnfinished(situation, delivery, now))
  const known = newestFirst([...situation.records, ...adopt.map(timesOf)])
  const done = doneRotation(situation, known)
  const isLost = situation.shownSequence > (known[0] === undefined ? 0 : sequenceOf(known[0].id))
  const wantsIssue =
    wish !== undefined &&
    mustIssue(wish, done, { isLost, isLive: known.some((times) => !isDead(times, now)) })
  const due = wantsIssue ? issueOf(situation, wish, known, now) : undefined
  const problem = due && situation.problemWith?.(due)
  const issue = problem === undefined ? due : undefined

  const rotation = { isIssuing: issue !== undefined, isAdopting: adopt.length > 0 }
  const updated = withEnds(known, situation, rotation, now)
  const keep = kept(updated, { isWanted: wish !== undefined, isIssuing: issue !== undefined }, now)
  const drop = deliveries.flatMap((delivery) => {
    const reason = dropReason(delivery, updated, issue, now)
    return reason === undefined ? [] : [{ delivery, reason }]
  })
  return {
    reader: situation.reader,
    issue,
    adopt,
    keep,
    ended: endsOf(known, updated, now),
    forget: updated.filter((times) => !keep.includes(times)).map(({ id }) => id),
    drop,
    pending: deliveries.find((delivery) => !drop.some((dropped) => dropped.delivery === delivery)),
    done: justDone(issue ?? done),
    isLost: isLost && issue === undefined,
    problem,
  }
}

function justDone({ requestID, source }: DoneRotation): DoneRotation {
  return { ...(requestID === undefined ? {} : { requestID }), ...(source === undefined ? {} : { source }) }
}

/** Whether the token does not work any more. */
export function isDead(times: TokenTimes, now: Date): boolean {
  return deathOf(times) <= now.getTime()
}

/** Milliseconds since 1970; infinity for a token without an end. */
function deathOf({ revoked, expires, retires }: TokenTimes): number {
  return Math.min(...[revoked, expires, retires].map((end) => end?.getTime() ?? Number.POSITIVE_INFINITY))
}

/**
 * A delivery without a record is an issue that was cut short after its first step: the Secret is the write-ahead
 * log. An old one that someone put back is not, nor is one that nobody can have a valid token from any more.
 */
function isUnfinished(situation: TokenSituation, delivery: DeliveryFacts, now: Date): boolean {
  const sequence = sequenceOf(delivery.tokenId)
  return (
    situation.wish !== undefined &&
    delivery.expires > now &&
    sequence >= situation.shownSequence &&
    situation.records.every(({ id }) => sequenceOf(id) < sequence)
  )
}

function timesOf(delivery: DeliveryFacts): TokenTimes {
  return {
    id: delivery.tokenId,
    created: delivery.created,
    expires: delivery.tokenExpires,
    retires: null,
    revoked: null,
  }
}

function newestFirst(records: readonly TokenTimes[]): TokenTimes[] {
  return records.toSorted((a, b) => sequenceOf(b.id) - sequenceOf(a.id))
}

/** The delivery of the newest token knows best, since it is written first. */
function doneRotation(situation: TokenSituation, known: readonly TokenTimes[]): DoneRotation {
  return situation.deliveries.find(({ tokenId }) => tokenId === known[0]?.id) ?? situation.done
}

function mustIssue(wish: TokenWish, done: DoneRotation, has: { isLost: boolean; isLive: boolean }): boolean {
  if (wish.requestID !== undefined && wish.requestID !== done.requestID) return true
  if (done.source !== undefined) return wish.source !== done.source
  // Nothing is remembered: a purpose that begins, or begins again (a reader put back, a tenant adopted).
  return !has.isLost && !has.isLive
}

function issueOf(situation: TokenSituation, wish: TokenWish, known: readonly TokenTimes[], now: Date): Issue {
  const { uid, reader, revokedIds, deliveries, shownSequence } = situation
  const ids = [...known.map(({ id }) => id), ...deliveries.map(({ tokenId }) => tokenId)]
  let sequence = Math.max(shownSequence, 0, ...ids.map(sequenceOf)) + 1
  while (revokedIds.has(tokenIdFor(uid, reader, sequence))) sequence += 1
  return {
    id: tokenIdFor(uid, reader, sequence),
    sequence,
    source: wish.source,
    ...(wish.requestID === undefined ? {} : { requestID: wish.requestID }),
    expires: secondsAfter(now, wish.ttlSeconds),
    deliveryExpires: secondsAfter(now, wish.deliveryTtlSeconds),
  }
}

function secondsAfter(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000)
}

/**
 * Revokes what is listed. Only the newest token lives without an end: at a rotation the one before it gets the
 * overlap, and anything older that still lives (an old record that someone put back) ends now.
 */
function withEnds(
  known: readonly TokenTimes[],
  situation: TokenSituation,
  rotation: { readonly isIssuing: boolean; readonly isAdopting: boolean },
  now: Date,
): TokenTimes[] {
  const { wish, revokedIds } = situation
  const revoked = known.map((times) =>
    wish === undefined || revokedIds.has(times.id) ? endedBy(times, 'revoked', now) : times,
  )
  const current = rotation.isIssuing ? undefined : revoked[0]
  const previous = revoked.find((times) => times !== current && !isDead(times, now))
  const isRotating = rotation.isIssuing || rotation.isAdopting
  const overlapSeconds = isRotating ? (wish?.overlapSeconds ?? 0) : 0
  return revoked.map((times) => {
    if (times === current || isDead(times, now)) return times
    if (times !== previous) return retiredAt(times, now)
    return endedBy(times, 'retires', secondsAfter(now, overlapSeconds))
  })
}

/** With an end it did not have; an end that is known stays. */
function endedBy(times: TokenTimes, end: 'revoked' | 'retires', at: Date): TokenTimes {
  return times[end] === null ? { ...times, [end]: at } : times
}

function retiredAt(times: TokenTimes, at: Date): TokenTimes {
  return { ...times, retires: at }
}

/** Live ones and the newest always; of the dead the newest few, for a week. */
function kept(
  updated: readonly TokenTimes[],
  { isWanted, isIssuing }: { readonly isWanted: boolean; readonly isIssuing: boolean },
  now: Date,
): TokenTimes[] {
  const isFresh = (times: TokenTimes) => deathOf(times) + forgetAfterMs > now.getTime()
  const isNeeded = (times: TokenTimes, index: number) =>
    !isDead(times, now) || (index === 0 && isWanted && !isIssuing)
  let room = mostRecords - (isIssuing ? 1 : 0) - updated.filter(isNeeded).length
  return updated.filter((times, index) => {
    if (isNeeded(times, index)) return true
    if (!isFresh(times) || room <= 0) return false
    room -= 1
    return true
  })
}

function endsOf(
  before: readonly TokenTimes[],
  after: readonly TokenTimes[],
  now: Date,
): TokenDecision['ended'] {
  return after.flatMap((times, index) => {
    const was = before[index]
    if (was === undefined || isDead(was, now) || !isDead(times, now)) return []
    return [{ id: times.id, how: times.revoked === null ? ('Retired' as const) : ('Revoked' as const) }]
  })
}

function dropReason(
  delivery: DeliveryFacts,
  records: readonly TokenTimes[],
  issue: Issue | undefined,
  now: Date,
): DropReason | undefined {
  const record = records.find(({ id }) => id === delivery.tokenId)
  const newest = issue?.id ?? records[0]?.id
  if (record !== undefined && delivery.isAcknowledged) return 'Acknowledged'
  if (record !== undefined && isDead(record, now)) return 'Revoked'
  if (delivery.expires <= now) return 'Expired'
  return delivery.tokenId === newest ? undefined : 'Superseded'
}
