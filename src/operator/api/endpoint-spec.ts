/** What a ScimIntegration says of its endpoint: host, path and the kind of route. */
import { z } from 'zod'

import { dnsLabel, dnsSubdomain, withRules } from './common.ts'

const ParentReference = z.object({
  group: z.string().max(253).default('gateway.networking.k8s.io'),
  kind: z.string().min(1).max(63).default('Gateway'),
  name: dnsSubdomain(253),
  namespace: dnsLabel(63).exactOptional(),
  sectionName: dnsSubdomain(253).exactOptional(),
})

const IssuerReference = z.object({
  kind: z.enum(['Issuer', 'ClusterIssuer']).default('ClusterIssuer'),
  name: dnsSubdomain(253),
})

export const Endpoint = withRules(
  z.object({
    type: z
      .enum(['HTTPRoute', 'Ingress', 'Shared', 'None'])
      .exactOptional()
      .describe("How requests reach the tenant. Unset, the operator's own default."),
    hostname: dnsSubdomain(253).exactOptional().describe('Unset, <tenantID>.<base domain of the operator>.'),
    path: z
      .string()
      .min(2)
      .max(128)
      .regex(/^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/)
      .default('/scim/v2')
      .describe('Where the SCIM endpoint begins, without a slash at its end.'),
    httpRoute: z
      .object({
        parentRefs: z.array(ParentReference).min(1).max(8).meta({ 'x-kubernetes-list-type': 'atomic' }),
      })
      .exactOptional(),
    ingress: z
      .object({
        className: dnsSubdomain(253).exactOptional(),
        tls: z
          .object({
            secretName: dnsSubdomain(253),
            issuerRef: IssuerReference.exactOptional().describe('cert-manager issues the certificate.'),
          })
          .exactOptional(),
      })
      .exactOptional(),
  }),
  [
    {
      rule: "!has(self.httpRoute) || !has(self.type) || self.type == 'HTTPRoute'",
      message: 'httpRoute is only for type HTTPRoute',
    },
    {
      rule: "!has(self.ingress) || !has(self.type) || self.type == 'Ingress'",
      message: 'ingress is only for type Ingress',
    },
    {
      rule: '!(has(self.httpRoute) && has(self.ingress))',
      message: 'httpRoute and ingress exclude each other',
    },
  ],
)
