/** From a running product to two tenants with their clients: tokens copied and acknowledged as an admin does. */
import { acknowledge, tokenIn } from '#test/kit/product.ts'

import { entra } from './entra.ts'
import { openHttp } from './http.ts'
import { okta } from './okta.ts'
import { applications, laptops } from './policies.ts'

import type { Product, Ready, ReadyIntegration } from '#test/kit/product.ts'
import type { Tenant } from './verify.ts'

const readerName = 'demo-reader'

/** Whether every integration has been provisioned and its tokens wait to be copied. */
export const isProvisioned = ({ integrations }: Ready): boolean =>
  integrations.length === 2 &&
  integrations.every(
    ({ deliverySecret, readers }) =>
      deliverySecret !== null &&
      readers.length === 1 &&
      readers.every((reader) => reader.deliverySecret !== null),
  )

const isAcknowledged = ({ integrations }: Ready): boolean =>
  integrations.every(
    ({ deliverySecret, readers }) =>
      deliverySecret === null && readers.every((reader) => reader.deliverySecret === null),
  )

/** Copies the four tokens, acknowledges them, and waits until no Secret shows one any more. */
export const connect = async (
  product: Product,
  ready: Ready,
  signal: AbortSignal,
): Promise<readonly Tenant[]> => {
  const tenants = await Promise.all([
    connectOne(ready, signal, {
      policy: laptops,
      provider: entra,
      scheme: 'Bearer ',
      userAgent: 'azureADScim',
    }),
    // In Okta's header field the word Bearer is often left out.
    connectOne(ready, signal, {
      policy: applications,
      provider: okta,
      scheme: '',
      userAgent: 'OKTA SCIM Integration',
    }),
  ])
  for (const { deliverySecret, readers } of ready.integrations) {
    for (const path of [deliverySecret, ...readers.map((reader) => reader.deliverySecret)]) {
      if (path !== null) await acknowledge(path)
    }
  }
  await product.ready(isAcknowledged)
  return tenants
}

const connectOne = async (
  ready: Ready,
  signal: AbortSignal,
  {
    policy,
    provider,
    scheme,
    userAgent,
  }: Pick<Tenant, 'policy'> & {
    readonly provider: typeof entra
    readonly scheme: string
    readonly userAgent: string
  },
): Promise<Tenant> => {
  const integration = integrationNamed(ready, policy.integration)
  const token = await tokenIn(integration.deliverySecret)
  const readerToken = await tokenIn(
    integration.readers.find(({ name }) => name === readerName)?.deliverySecret,
  )
  return {
    policy,
    provider: provider(
      openHttp({
        baseURL: integration.baseURL,
        authorization: `${scheme}${token}`,
        userAgent,
        contentType: 'application/scim+json',
        signal,
      }),
    ),
    directory: openHttp({
      baseURL: `http://127.0.0.1:${ready.ports.directory}`,
      authorization: `Bearer ${readerToken}`,
      userAgent: 'demo',
      contentType: 'application/json',
      signal,
    }),
  }
}

const integrationNamed = (ready: Ready, name: string): ReadyIntegration => {
  const found = ready.integrations.find((integration) => integration.name === name)
  if (found === undefined) throw new Error(`ready.json does not name ${name}`)
  return found
}
