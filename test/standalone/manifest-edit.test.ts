import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { requestRotation, withRotation } from '#standalone/manifest-edit.ts'

const owner = { namespace: 'acme', name: 'okta', reader: undefined }

const manifest = `# Ours since 2026.
apiVersion: scim-operator.io/v1alpha1
kind: ScimAssignmentPolicy # not this one
metadata: {name: okta, namespace: acme}
---
# The tenant.
apiVersion: scim-operator.io/v1alpha1
kind: ScimIntegration
metadata:
  name: okta
  namespace: acme
spec:
  displayName: "Acme" # as in the contract
  readers:
    - name: fleet # laptops
    - name: wiki

# The end.
---
kind: ConfigMap
`

test('a rotation request is one value in one document; comments and everything else stay', () => {
  const edited = withRotation(manifest, owner, '2026-11-22')
  expect(edited).toBe(
    manifest.replace(
      '    - name: wiki\n',
      '    - name: wiki\n  token:\n    rotation:\n      requestID: 2026-11-22\n',
    ),
  )
  expect(withRotation(edited!, owner, 'later')).toBe(
    edited!.replace('requestID: 2026-11-22', 'requestID: later'),
  )
})

test('the request of a reader stands with that reader', () => {
  expect(withRotation(manifest, { ...owner, reader: 'fleet' }, 'now')).toBe(
    manifest.replace('# laptops\n', '# laptops\n      rotation:\n        requestID: now\n'),
  )
  expect(() => withRotation(manifest, { ...owner, reader: 'nobody' }, 'now')).toThrow('has no reader nobody')
})

test('a file that does not declare the integration is left alone', () => {
  expect(withRotation(manifest, { ...owner, namespace: 'default' }, 'now')).toBeUndefined()
  expect(withRotation('', owner, 'now')).toBeUndefined()
  expect(withRotation('spec: [', owner, 'now')).toBeUndefined()
})

test('the manifest is found among many and keeps its permissions', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'))
  try {
    await writeFile(join(folder, 'a.yaml'), 'kind: ConfigMap\n')
    await writeFile(join(folder, 'b.yaml'), manifest, { mode: 0o640 })
    const path = await requestRotation(folder, owner, 'now')
    expect(path).toBe(join(folder, 'b.yaml'))
    expect(await readFile(path, 'utf8')).toContain('requestID: now')
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    await expect(requestRotation(folder, { ...owner, name: 'entra' }, 'now')).rejects.toThrow(
      'declares acme/entra',
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})
