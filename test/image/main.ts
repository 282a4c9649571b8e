/** `npm run image -- FILE.tar [NAME:TAG]`: the image by the Dockerfile's steps, as an OCI archive, without an engine. */

import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { assemble } from './assemble.ts'
import { writeArchive } from './archive.ts'

const [file, name = 'scim-operator:dev'] = process.argv.slice(2)
if (file === undefined || !/^[^:]+(:\d+\/[^:]+)?:[^:/]+$/.test(name)) {
  process.stderr.write('npm run image -- FILE.tar [NAME:TAG]\n')
  process.exitCode = 1
} else {
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-operator-image-'))
  try {
    const image = await assemble(path.join(import.meta.dirname, '../..'), folder)
    await writeArchive(image, name, file)
    const megabytes = Math.round((await stat(file)).size / 1_000_000)
    process.stdout.write(
      `${file}: ${name}, ${megabytes} MB, Node.js ${process.versions.node} in place of ${image.bases.at(-1)}\n`,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
