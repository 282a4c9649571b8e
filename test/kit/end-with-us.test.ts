import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

import { expect, test } from 'vitest'

const kit = path.join(import.meta.dirname, 'end-with-us.ts')

/** Kills a process that has started one more, watched it and done `after`. */
async function killStarter(after = '') {
  const script = `
    import { spawn } from 'node:child_process'
    import { endWithUs } from ${JSON.stringify(kit)}
    const child = spawn('sleep', ['600'], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] })
    const watch = endWithUs(child.pid, 'TERM')
    ${after}
    console.log(child.pid)
    setInterval(() => undefined, 1000)`
  const starter = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(starter, 'exit')
  const [line]: unknown[] = await once(starter.stdout, 'data')
  // Its output ends with the last process that holds it: the one that it has started.
  const left = { pid: Number(String(line)), hasEnded: false, ended: once(starter.stdout.resume(), 'end') }
  void left.ended.then(() => (left.hasEnded = true))
  starter.kill('SIGKILL')
  await exited
  return left
}

test('what was started ends when its starter is killed', async () => {
  const { ended } = await killStarter()
  await expect(ended).resolves.toEqual([])
})

test('what is watched no more is left alone', async () => {
  const left = await killStarter('watch[Symbol.dispose]()')
  const other = await killStarter()
  await other.ended
  expect(left.hasEnded).toBe(false)
  process.kill(left.pid, 'SIGKILL')
  await left.ended
})
