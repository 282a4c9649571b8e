/** The chart as helm renders it: its objects, parsed, for tests that look at them or give them to an API server. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { tool } from './tools.ts'

export const chartFolder = path.join(import.meta.dirname, '../../charts/scim-operator')

export interface Release {
  readonly name?: string
  readonly namespace: string
  readonly values: object
}

/** Without these no value makes a release. */
export const requiredValues = {
  database: { existingSecret: 'scim-operator-database' },
  pepper: { existingSecret: 'scim-operator-pepper' },
}

/** What `helm template` prints. Throws with helm's complaint. */
export function renderedText({ name = 'scim-operator', namespace, values }: Release): Promise<string> {
  return helm(['template', name, chartFolder, '--namespace', namespace, '--values', '-'], values)
}

export const Rendered = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
})
export type Rendered = z.output<typeof Rendered>

/** Every object of the release. Throws with helm's complaint. */
export async function rendered(release: Release): Promise<Rendered[]> {
  return parseAllDocuments(await renderedText(release)).map((document) => Rendered.parse(document.toJS()))
}

/** What `helm lint --strict` prints; throws with its complaint. */
export function lint(values: object): Promise<string> {
  return helm(['lint', '--strict', chartFolder, '--values', '-'], values)
}

async function helm(args: readonly string[], values: object): Promise<string> {
  const child = spawn(await tool('helm'), args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(JSON.stringify(values))
  const [output, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  if (code !== 0) throw new Error(`${complaint.trim()}\n${output.trim()}`)
  return output
}

const Variable = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .object({
      secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional(),
      fieldRef: z.object({ fieldPath: z.string() }).optional(),
    })
    .optional(),
})

/** What tests read of a Deployment; unknown fields are allowed. */
const Deployment = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    replicas: z.int(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        serviceAccountName: z.string(),
        automountServiceAccountToken: z.boolean(),
        terminationGracePeriodSeconds: z.int(),
        containers: z.tuple([
          z.object({
            command: z.array(z.string()),
            env: z.array(Variable),
            ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
          }),
        ]),
      }),
    }),
  }),
})
export type Deployment = z.output<typeof Deployment>

export const components = ['operator', 'server', 'worker'] as const
export type Component = (typeof components)[number]

export function deploymentOf(objects: readonly Rendered[], component: Component): Deployment {
  const found = objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(`-${component}`),
  )
  return Deployment.parse(found)
}

/** What the kubelet looks up for variables that have no value of their own. */
export interface Lookup {
  /** Of the pod, by path: `metadata.name`. */
  readonly fields: Readonly<Record<string, string>>
  /** The decoded entry of a Secret. */
  secret(name: string, key: string): string | undefined
}

/** The environment of the container as the kubelet makes it; throws where it would not start the container. */
export function environmentOf({ spec }: Deployment, lookup: Lookup): Record<string, string> {
  const [{ env }] = spec.template.spec.containers
  return Object.fromEntries(
    env.map(({ name, value, valueFrom = {} }) => {
      const { fieldRef, secretKeyRef: entry } = valueFrom
      const found =
        value ??
        (fieldRef === undefined ? undefined : lookup.fields[fieldRef.fieldPath]) ??
        (entry === undefined ? undefined : lookup.secret(entry.name, entry.key))
      if (found === undefined) throw new Error(`Nothing says what ${name} is`)
      return [name, found]
    }),
  )
}
