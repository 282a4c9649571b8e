import { expect, test } from 'vitest'

import { loadedBy } from '#test/kit/module-graph.ts'

const client = '@kubernetes/client-node'

test('only the operator of a cluster loads the Kubernetes client, which costs 85 MB of memory', async () => {
  expect(await loadedBy('src/operator/main.ts')).toContain(client)
  for (const process of ['standalone', 'server', 'worker']) {
    const loaded = await loadedBy(`src/${process}/main.ts`)
    expect(loaded).toContain('pino')
    expect(loaded).not.toContain(client)
  }
})
