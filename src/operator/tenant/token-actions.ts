/** A token plan as actions, in the order that survives a crash after any of them. Pure. */

import { secretKind } from './manifests.ts'
import { tokenIdLabel } from './names.ts'

import type { ScimIntegrationStatus } from '#operator/api/scim-integration-status.ts'
import type { KubeObject } from '#operator/kube.ts'

import type { Action, Note } from './action.ts'
import type { SecretRemoval, TokenPlan } from './token-plan.ts'

/** Ids that the status has shown and that one side has lost or that nobody vouches for since. */
export interface TokenDrift {
  readonly inSecret: readonly string[]
  readonly inRows: readonly string[]
}

/** An issue that was cut short is no drift: its token has not been in the status yet. */
export function driftOf(plan: TokenPlan, status: ScimIntegrationStatus): TokenDrift {
  const shown = new Set(
    [status, ...(status.readers ?? [])].flatMap(({ tokens = [] }) => tokens.map(({ id }) => id)),
  )
  const { missingInSecret, missingInRows, forgedRows } = plan.observation.joined
  return {
    inSecret: missingInSecret.filter((id) => shown.has(id)),
    inRows: [...missingInRows.filter((id) => shown.has(id)), ...forgedRows],
  }
}

/** Deliveries, the Secret of records, rows; then what is over goes: rows, deliveries. */
export function tokenActions(plan: TokenPlan, drift: TokenDrift): Action[] {
  const { tenantId } = plan.observation
  const created = plan.deliveries.map((object): Action => ({
    kind: 'CreateSecret',
    object,
    note: delivered(object),
  }))
  const ends = plan.decisions.flatMap(({ ended }) => ended)
  const ended: Note | undefined =
    ends.length === 0
      ? undefined
      : {
          type: 'Normal',
          reason: 'TokenEnded',
          text: ends.map(({ id, how }) => `Token ${id}: ${how}.`).join(' '),
        }
  const secret: Action[] =
    plan.hashSecret === undefined
      ? []
      : [{ kind: 'ApplyObject', of: secretKind, object: plan.hashSecret, ...put('Secret', drift.inSecret) }]
  const rows: Action[] =
    plan.putRows.length === 0
      ? []
      : [
          {
            kind: 'PutTokens',
            tenantId,
            records: plan.putRows,
            ...put('token', drift.inRows),
            ...(ended === undefined ? {} : { note: ended }),
          },
        ]
  const forgotten: Action[] =
    plan.removeRows.length === 0 ? [] : [{ kind: 'RemoveTokens', tenantId, ids: plan.removeRows }]
  const removed = plan.removeSecrets.map((removal): Action => ({
    kind: 'DeleteObject',
    of: secretKind,
    object: removal.object,
    note: removalNote(removal),
  }))
  return [...created, ...secret, ...rows, ...forgotten, ...removed]
}

/** The counter's label, and an Event that says which tokens were put back. */
function put(kind: string, ids: readonly string[]): Pick<Action, 'drift' | 'note'> {
  if (ids.length === 0) return {}
  const text = `The ${kind} no longer held the record of ${ids.join(', ')}; it was put back.`
  return { drift: kind, note: { type: 'Warning', reason: 'TokenRecordRestored', text } }
}

function delivered({ metadata }: KubeObject): Note {
  const text = `Token ${metadata.labels?.[tokenIdLabel] ?? ''} waits in Secret ${metadata.name}.`
  return { type: 'Normal', reason: 'TokenIssued', text }
}

function removalNote({ object, reason, tokenId }: SecretRemoval): Note {
  const { name } = object.metadata
  switch (reason) {
    case 'Acknowledged':
      return {
        type: 'Normal',
        reason: 'TokenAcknowledged',
        text: `Token ${tokenId} was taken; Secret ${name} is gone.`,
      }
    case 'Expired': {
      const text = `Nobody acknowledged token ${tokenId} in time; Secret ${name} is gone.`
      return { type: 'Warning', reason: 'DeliveryExpired', text }
    }
    case 'Revoked':
    case 'Superseded':
      return {
        type: 'Normal',
        reason: 'DeliveryWithdrawn',
        text: `Secret ${name} is gone: token ${tokenId} is over.`,
      }
  }
}
