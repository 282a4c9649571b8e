/** The operator's settings out of those of its process. */

import type { OperatorConfig } from '#platform/config.ts'

import type { OperatorSettings } from './settings.ts'

export function configured(config: OperatorConfig): OperatorSettings {
  const { baseDomain, publicPort, pathOrigin, directoryUrl, gatewayNamespace, gatewaySectionName } = config
  return {
    defaultEndpointType: config.defaultEndpointType,
    publicScheme: config.publicScheme,
    resyncSeconds: config.resyncSeconds,
    parentRefs: [
      {
        group: 'gateway.networking.k8s.io',
        kind: 'Gateway',
        name: config.gatewayName,
        ...(gatewayNamespace === undefined ? {} : { namespace: gatewayNamespace }),
        ...(gatewaySectionName === undefined ? {} : { sectionName: gatewaySectionName }),
      },
    ],
    backend: {
      name: config.serverService,
      namespace: config.serverServiceNamespace ?? config.podNamespace,
      port: config.serverServicePort,
    },
    ...(baseDomain === undefined ? {} : { baseDomain }),
    ...(publicPort === undefined ? {} : { publicPort }),
    ...(pathOrigin === undefined ? {} : { pathOrigin }),
    ...(directoryUrl === undefined ? {} : { directoryURL: directoryUrl }),
  }
}
