/** The folder adapter on a temporary folder, with a person beside it who edits files. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { vi } from 'vitest'
import { z } from 'zod'

import { crds } from '#operator/api/crd.ts'
import { scimIntegration } from '#operator/api/scim-integration.ts'
import { createLogger } from '#platform/log.ts'
import { openKubeFolder } from '#standalone/kube-folder.ts'

import type { KubeKind, KubeObject } from '#operator/kube.ts'
import type { KubeFolder } from '#standalone/kube-folder.ts'

export const secrets: KubeKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }
export const integrations: KubeKind = scimIntegration

/** `spec` of an object, to look into. */
export const specOf = (object: KubeObject | undefined) =>
  z.record(z.string(), z.unknown()).parse(object?.['spec'])

export interface TemporaryFolder extends AsyncDisposable {
  kube: KubeFolder
  readonly manifests: string
  /** Where the adapter keeps its objects. */
  readonly state: string
  write(name: string, yaml: string): Promise<void>
  /** Closes the adapter and opens it again on the same folders. */
  restart(): Promise<void>
  /** Text of a file of the state folder. */
  read(path: string): Promise<string>
  edit(path: string, change: (text: string) => string): Promise<void>
  /** The object once the condition holds for it. */
  until(
    kind: KubeKind,
    name: string,
    holds: (object: KubeObject | undefined) => boolean,
  ): Promise<KubeObject | undefined>
}

/** `files` are manifests by name, there before the adapter opens. Namespaces default to `acme`; `now` to the clock. */
export const temporaryKubeFolder = async (
  files: Readonly<Record<string, string>> = {},
  now: () => Date = () => new Date(),
): Promise<TemporaryFolder> => {
  const root = await mkdtemp(join(tmpdir(), 'kube-folder-'))
  const manifests = join(root, 'manifests')
  const state = join(root, 'state')
  const write = async (name: string, yaml: string): Promise<void> => {
    await mkdir(dirname(join(manifests, name)), { recursive: true })
    await writeFile(join(manifests, name), yaml)
  }
  await mkdir(manifests)
  for (const [name, yaml] of Object.entries(files)) await write(name, yaml)
  const open = () =>
    openKubeFolder({
      manifests,
      folder: state,
      definitions: crds(),
      log: createLogger('kube', { level: 'silent' }),
      pollMs: 100,
      now,
    })
  const folder = {
    kube: await open(),
    manifests,
    state,
    write,
    async restart() {
      await folder.kube[Symbol.asyncDispose]()
      folder.kube = await open()
    },
    read: (path: string) => readFile(join(state, path), 'utf8'),
    async edit(path: string, change: (text: string) => string) {
      await writeFile(join(state, path), change(await readFile(join(state, path), 'utf8')))
    },
    async until(kind: KubeKind, name: string, holds: (object: KubeObject | undefined) => boolean) {
      return vi.waitFor(
        async () => {
          const object = await folder.kube.get(kind, { namespace: 'acme', name })
          if (!holds(object)) throw new Error(`not yet: ${JSON.stringify(object, undefined, 2)}`)
          return object
        },
        { timeout: 30_000, interval: 20 },
      )
    },
    async [Symbol.asyncDispose]() {
      await folder.kube[Symbol.asyncDispose]()
      await rm(root, { recursive: true, force: true })
    },
  }
  return folder
}

/** Manifest of an integration in `acme`. */
export const integrationYaml = (name: string, spec: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    apiVersion: 'scim-operator.io/v1alpha1',
    kind: 'ScimIntegration',
    metadata: { name, namespace: 'acme' },
    spec: { displayName: name, ...spec },
  })

/** A Secret as the operator applies one, owned by an integration. */
export const childSecret = (
  owner: KubeObject,
  name: string,
  data: Readonly<Record<string, string>>,
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name,
    namespace: owner.metadata.namespace,
    labels: { 'scim-operator.io/managed': 'true' },
    ownerReferences: [
      {
        apiVersion: owner.apiVersion,
        kind: owner.kind,
        name: owner.metadata.name,
        uid: owner.metadata.uid ?? '',
      },
    ],
  },
  data,
})
