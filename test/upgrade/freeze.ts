/**
 * `node test/upgrade/freeze.ts COMMIT` makes the release at that commit the previous one, which the upgrade test starts
 * from: its sources and package.json as an archive beside this file. Run it for the latest release when the first
 * migration after it is written, since with one schema there is nothing to upgrade, and commit the archive. `gunzip -c test/upgrade/previous-release.tgz | git get-tar-commit-id` says which commit it holds.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { previousReleaseArchive } from './previous-release.ts'

const [commit] = process.argv.slice(2)
if (commit === undefined) throw new Error('Name the commit of the release.')
await promisify(execFile)(
  'git',
  ['archive', '--format=tgz', `--output=${previousReleaseArchive}`, commit, 'src', 'package.json'],
  { cwd: join(import.meta.dirname, '..', '..') },
)
