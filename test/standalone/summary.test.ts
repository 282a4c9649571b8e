import { expect, test } from 'vitest'

import { ScimIntegration } from '#operator/api/scim-integration.ts'
import { copiedFlag, integrationLines } from '#standalone/summary.ts'

const integration = ScimIntegration.parse({
  apiVersion: 'scim-operator.io/v1alpha1',
  kind: 'ScimIntegration',
  metadata: { name: 'okta', namespace: 'acme', uid: 'u', resourceVersion: '1', generation: 1 },
  spec: { displayName: 'Acme' },
  status: { tenantID: 'okta-1', baseURL: 'http://127.0.0.1:1/t/okta-1/scim/v2' },
})

const entry = {
  namespace: 'acme',
  name: 'okta',
  tenantID: 'okta-1',
  baseURL: 'http://127.0.0.1:1/t/okta-1/scim/v2',
  deliverySecret: null,
  readers: [{ name: 'fleet', deliverySecret: '/state/secret.yaml' }],
}

test('an integration is told with its URL and commands that work as they are copied', () => {
  const lines = integrationLines(integration, entry, {
    ports: { scim: 1, directory: 2, ops: 3 },
    manifests: '/m',
    kubernetes: '/s/kubernetes',
    folderFlags: ' --state /s --manifests /m',
  }).split('\n')
  const command = 'npm run token -- acme/okta --state /s --manifests /m'
  expect(lines).toEqual([
    'acme/okta (Acme): not ready, not looked at yet',
    '  base URL       http://127.0.0.1:1/t/okta-1/scim/v2',
    `  token          taken; for a new one: ${command} --rotate`,
    `  reader fleet   ${command} --reader fleet`,
    '  status         /s/kubernetes/acme/scimintegrations/okta.yaml',
  ])
})

test('a folder that is where it usually is needs no flag, an odd name is quoted for the shell', () => {
  expect(copiedFlag('--state', '.state', '.state')).toBe('')
  expect(copiedFlag('--state', undefined)).toBe('')
  expect(copiedFlag('--state', '../other', '.state')).toBe(' --state ../other')
  expect(copiedFlag('--state', "it's here")).toBe(String.raw` --state 'it'\''s here'`)
})
