/** The last line of a run that could not include the project `kube`: which tests are left out, and how to run them. */

import type { TestProject } from 'vitest/node'

/** Says nothing to somebody who asked for some files only. */
export default function setup({ vitest }: TestProject): () => Promise<void> {
  return async () => {
    const all = await vitest.globTestSpecifications()
    if (vitest.state.getTestModules().length < all.length) return
    process.stderr.write(
      'The tests on a real Kubernetes API server were left out, since none is at hand: npm run test:kube\n',
    )
  }
}
