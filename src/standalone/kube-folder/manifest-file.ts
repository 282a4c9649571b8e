/** A manifest file as objects: one or more YAML documents, each an object or a `List` of them. */
import { LineCounter, parseAllDocuments } from 'yaml'

import { isObject, listAt } from './json.ts'
import { parseObject } from './object-file.ts'

import type { ParsedObject } from './object-file.ts'
import type { KubeObject } from '#operator/kube.ts'

export interface ManifestFile {
  readonly path: string
  readonly objects: readonly KubeObject[]
  /** Why the file, or a part of it, could not be understood; with the line. */
  readonly problems: readonly string[]
}

/** Never throws: what cannot be read is a problem, beside the objects that could. */
export const parseManifest = (path: string, text: string): ManifestFile => {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines })
  const objects: KubeObject[] = []
  const problems: string[] = []
  if ('empty' in documents) return { path, objects, problems }
  for (const document of documents) {
    const [error] = document.errors
    if (error !== undefined) {
      // The message's first line; the rest is a picture of the place.
      problems.push(`${path}: ${error.message.split('\n', 1)[0]?.replace(/:$/, '')}`)
      continue
    }
    const line = lines.linePos(document.contents?.range?.[0] ?? 0).line
    for (const parsed of objectsOf(document)) {
      if (parsed.kind === 'object') objects.push(parsed.object)
      else problems.push(`${path} line ${line}: ${parsed.message}`)
    }
  }
  return { path, objects, problems }
}

const objectsOf = (document: { toJS(): unknown }): readonly ParsedObject[] => {
  try {
    return itemsOf(document.toJS()).map(parseObject)
  } catch (error) {
    // Aliases of aliases that would fill the memory are found only here.
    return [{ kind: 'problem', message: error instanceof Error ? error.message : String(error) }]
  }
}

/** `kind: List` is how kubectl prints several objects in one document; an empty document is none. */
const itemsOf = (value: unknown): readonly unknown[] => {
  if (value === null || value === undefined) return []
  return isObject(value) && value['kind'] === 'List' ? listAt(value, 'items') : [value]
}
