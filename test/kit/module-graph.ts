/** What a file of src loads, found by reading imports and not by loading. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** `import type` loads nothing. */
const imports = /^import (?!type )(?:[^'"]*? from )?'([^']+)'/gm

/** Every file and package that `entry` loads, itself included; files as paths from the root of the project. */
export async function loadedBy(entry: string): Promise<ReadonlySet<string>> {
  const loaded = new Set([entry])
  for (const file of loaded) {
    if (!file.endsWith('.ts')) continue
    const text = await readFile(file, 'utf8')
    for (const [, specifier = ''] of text.matchAll(imports)) {
      if (specifier.startsWith('./')) loaded.add(join(dirname(file), specifier))
      else if (specifier.startsWith('#')) loaded.add(specifier.replace('#', 'src/'))
      else loaded.add(specifier)
    }
  }
  return loaded
}
