/** Edits a manifest as a careful person would: one value in one document, comments and all other documents kept. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { isMap, isSeq, parseAllDocuments } from 'yaml'

import { writeAtomically } from './kube-folder/atomic-file.ts'
import { scanFolder } from './kube-folder/folder-scan.ts'
import { textAt } from './kube-folder/json.ts'

import { group } from '#operator/api/common.ts'
import { Mistake } from '#platform/mistake.ts'

import type { Document } from 'yaml'

import type { TokenOwner } from './token-place.ts'

/** Sets the rotation request of the token in the manifest that declares it; returns the file's path. */
export const requestRotation = async (
  manifests: string,
  owner: TokenOwner,
  requestID: string,
): Promise<string> => {
  for (const path of (await scanFolder(manifests, ['.yaml', '.yml'])).keys()) {
    // Behind a link the file itself is edited, not the link replaced.
    const file = await realpath(join(manifests, path))
    const text = await readFile(file, 'utf8')
    const edited = withRotation(text, owner, requestID)
    if (edited === undefined) continue
    await writeAtomically(file, edited, { mode: (await stat(file)).mode & 0o777 })
    return file
  }
  throw new Mistake(
    `No manifest in ${manifests} declares ${owner.namespace}/${owner.name}: is --manifests right?`,
  )
}

/** The text with the request set, or undefined if it does not declare the integration. Pure. */
export const withRotation = (text: string, owner: TokenOwner, requestID: string): string | undefined => {
  const documents = parseAllDocuments(text)
  if ('empty' in documents) return undefined
  const document = documents.find((found) => found.errors.length === 0 && declares(found, owner))
  if (document === undefined) return undefined
  document.setIn([...placeOf(document, owner), 'rotation', 'requestID'], requestID)
  // Comments above the first line of a document are outside its own range.
  const start = documents[documents.indexOf(document) - 1]?.range[2] ?? 0
  const edited = document.toString({ lineWidth: 0, flowCollectionPadding: /[[{] /.test(text) })
  return text.slice(0, start) + edited + text.slice(document.range[2])
}

const declares = (document: Document, { namespace, name }: TokenOwner): boolean => {
  const object: unknown = document.toJS()
  return (
    textAt(object, 'apiVersion')?.startsWith(`${group}/`) === true &&
    textAt(object, 'kind') === 'ScimIntegration' &&
    textAt(object, 'metadata', 'name') === name &&
    (textAt(object, 'metadata', 'namespace') ?? 'default') === namespace
  )
}

const placeOf = (document: Document, { reader }: TokenOwner): readonly (string | number)[] => {
  if (reader === undefined) return ['spec', 'token']
  const readers = document.getIn(['spec', 'readers'])
  const index = isSeq(readers)
    ? readers.items.findIndex((item) => isMap(item) && item.get('name') === reader)
    : -1
  if (index === -1) throw new Mistake(`The manifest has no reader ${reader} (spec.readers).`)
  return ['spec', 'readers', index]
}
