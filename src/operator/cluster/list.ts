/** A whole list, page by page, so that neither side holds all of it as one text. */
import { KubeError } from '#operator/kube.ts'

import { fieldsOf, listOf, parseObject } from './json.ts'
import { collectionPath, labelSelector } from './paths.ts'

import type { KubeKind, KubeObject, ListOptions, ObjectList } from '#operator/kube.ts'

import type { Transport } from './transport.ts'

const pageSize = 500

/** @throws KubeError; a list that expires between two pages is begun again in one piece, which cannot expire */
export async function listObjects(
  transport: Transport,
  kind: KubeKind,
  options: ListOptions = {},
): Promise<ObjectList> {
  try {
    return await pages(transport, kind, options, pageSize)
  } catch (error) {
    if (!(error instanceof KubeError) || error.reason !== 'Expired') throw error
    return pages(transport, kind, options, undefined)
  }
}

async function pages(
  transport: Transport,
  kind: KubeKind,
  { namespace, labels, signal }: ListOptions,
  limit: number | undefined,
): Promise<ObjectList> {
  const items: KubeObject[] = []
  let next: string | undefined
  for (;;) {
    const page = fieldsOf(
      await transport.call({
        method: 'GET',
        path: collectionPath(kind, namespace),
        query: { labelSelector: labelSelector(labels), limit: limit?.toString(), continue: next },
        signal,
      }),
    )
    for (const item of listOf(page['items'])) items.push(parseObject(item, kind))
    const { continue: token, resourceVersion } = fieldsOf(page['metadata'])
    if (typeof resourceVersion !== 'string' || resourceVersion === '')
      throw new KubeError(200, 'Unknown', `the list of ${kind.plural} has no resourceVersion`)
    if (typeof token !== 'string' || token === '') return { items, resourceVersion }
    next = token
  }
}
