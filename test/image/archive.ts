/** Packs an assembled image into an OCI archive, which `ctr images import` and `docker load` take. One layer, no engine. */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Image } from './assemble.ts'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** As Go calls them, which is how the specification wants them (GOARCH). */
const architectures = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
])

/**
 * Writes `file`, an OCI image layout as tar (OCI image specification, image-layout.md). The same files give the same
 * digests.
 *
 * @param name with tag, `scim-operator:dev`
 */
export async function writeArchive(image: Image, name: string, file: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'scim-operator-archive-'))
  try {
    const put = blobStore(folder)
    const layerTar = path.join(folder, 'layer.tar')
    await tar(layerTar, image.root)
    const raw = await readFile(layerTar)
    await rm(layerTar)
    const layer = await put(`${mediaType}.layer.v1.tar+gzip`, await promisify(gzip)(raw, { level: 1 }))
    const config = await put(
      `${mediaType}.config.v1+json`,
      json({
        architecture: architectures.get(process.arch) ?? process.arch,
        os: 'linux',
        config: image.config,
        rootfs: { type: 'layers', diff_ids: [digestOf(raw)] },
      }),
    )
    const manifest = await put(
      `${mediaType}.manifest.v1+json`,
      json({ schemaVersion: 2, mediaType: `${mediaType}.manifest.v1+json`, config, layers: [layer] }),
    )
    const annotations = {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
    }
    await writeFile(path.join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }))
    await writeFile(
      path.join(folder, 'index.json'),
      json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
    )
    await tar(file, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const mediaType = 'application/vnd.oci.image'

function blobStore(folder: string): (mediaType: string, bytes: Buffer) => Promise<Descriptor> {
  return async (mediaType, bytes) => {
    const digest = digestOf(bytes)
    const blobs = path.join(folder, 'blobs/sha256')
    await mkdir(blobs, { recursive: true })
    await writeFile(path.join(blobs, digest.slice('sha256:'.length)), bytes)
    return { mediaType, digest, size: bytes.length }
  }
}

/** GNU tar. Everything belongs to root, as what COPY brings does, and has no time. */
async function tar(file: string, folder: string): Promise<void> {
  const sameEverywhere = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  await promisify(execFile)('tar', [
    '--create',
    '--file',
    file,
    ...sameEverywhere,
    '--directory',
    folder,
    '.',
  ])
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
