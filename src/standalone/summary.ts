/** What the person at the terminal reads when all is up: where to go next. Pure. */
import { join } from 'node:path'

import { conditionOf } from './integrations.ts'
import { objectPath } from './kube-folder/object-file.ts'

import { scimIntegration } from '#operator/api/scim-integration.ts'

import type { ReadyIntegration } from './integrations.ts'
import type { ScimIntegration } from '#operator/api/scim-integration.ts'

export interface SummaryFacts {
  readonly ports: { readonly scim: number; readonly directory: number; readonly ops: number }
  readonly manifests: string
  /** Folder of objects. */
  readonly kubernetes: string
  /** ` --state DIR --manifests DIR` as far as they are not the usual ones, for commands that a person copies. */
  readonly folderFlags: string
}

/** One integration: whether it is ready, its URL, and the command that reveals its token. */
export const integrationLines = (
  integration: ScimIntegration,
  entry: ReadyIntegration | undefined,
  facts: SummaryFacts,
): string => {
  const { namespace, name } = integration.metadata
  const command = `npm run token -- ${namespace}/${name}${facts.folderFlags}`
  const revealed = (secret: string | null | undefined, reader = ''): string =>
    secret === null || secret === undefined
      ? `taken; for a new one: ${command}${reader} --rotate`
      : `${command}${reader}`
  return [
    `${namespace}/${name} (${integration.spec.displayName}): ${stateOf(integration)}`,
    ...(entry === undefined
      ? []
      : [
          row('base URL', integration.status.baseURL ?? entry.baseURL),
          row('token', revealed(entry.deliverySecret)),
          ...entry.readers.map((reader) =>
            row(`reader ${reader.name}`, revealed(reader.deliverySecret, ` --reader ${reader.name}`)),
          ),
        ]),
    row('status', join(facts.kubernetes, objectPath(scimIntegration.plural, { namespace, name }))),
  ].join('\n')
}

/** ` --flag value` for a shell, with a space in front; nothing where the value is what it is without the flag. */
export const copiedFlag = (flag: string, value: string | undefined, usual?: string): string => {
  if (value === undefined || value === usual) return ''
  return ` ${flag} ${/^[\w./@:=+-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`}`
}

/** The whole, once all is up. */
export const summary = (integrations: readonly string[], { ports, manifests }: SummaryFacts): string =>
  [
    '',
    'scim-operator is up; Ctrl-C stops it.',
    '',
    ...(integrations.length === 0 ? [`There is no ScimIntegration in ${manifests} yet.`] : integrations),
    '',
    'Everywhere',
    row('manifests', `${manifests} (edit them: changes are taken over at once)`),
    row('Directory API', `http://127.0.0.1:${ports.directory}/v1/users, with a reader's token`),
    row('metrics', `http://127.0.0.1:${ports.ops}/metrics`),
    row('health', `http://127.0.0.1:${ports.ops}/livez and /readyz`),
    '',
    '',
  ].join('\n')

const row = (what: string, value: string): string => `  ${what.padEnd(14)} ${value}`

/** `Ready`, or why not; and whether the manifest as it stands is in force at all. */
const stateOf = (integration: ScimIntegration): string => {
  const ready = conditionOf(integration, 'Ready')
  const accepted = conditionOf(integration, 'ManifestAccepted')
  const state = ready?.status === 'True' ? 'ready' : `not ready, ${because(ready)}`
  return accepted === undefined ? state : `${state}; manifest: ${because(accepted)}`
}

const because = (condition: { readonly reason: string; readonly message: string } | undefined): string =>
  condition === undefined ? 'not looked at yet' : `${condition.reason}: ${condition.message}`
