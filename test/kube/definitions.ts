/** The kinds that tests need an API server to serve: our own two, and HTTPRoute, Gateway and ReferenceGrant of the Gateway API. */

import path from 'node:path'
import { runKubectl } from './kubectl.ts'

const ours = path.join(import.meta.dirname, '../../crds')
const gatewayApi = path.join(import.meta.dirname, 'gateway-api')

/** Installs them by server-side apply, or those of them in the given folders, and waits until they are served. */
export async function installDefinitions(
  kubeconfig: string,
  folders: readonly string[] = [ours, gatewayApi],
): Promise<void> {
  const files = folders.flatMap((folder) => ['-f', folder])
  await runKubectl(['apply', '--server-side', '--field-manager=tests', ...files], { kubeconfig })
  await runKubectl(['wait', '--for=condition=Established', '--timeout=120s', ...files], { kubeconfig })
}
