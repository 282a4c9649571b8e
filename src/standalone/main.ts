/** `npm start`: the whole product in one process, over folders and one Postgres, until it is told to stop. */
import { compose } from './compose.ts'
import { explain } from './explain.ts'
import { terminalLog } from './terminal-log.ts'

import { standaloneSettings } from '#platform/config.ts'
import { aborted } from '#platform/lifecycle.ts'
import { runProcess } from '#platform/run-process.ts'

await runProcess({
  command: 'npm start -- [--flag value]...',
  room: 'standalone',
  settings: standaloneSettings,
  stream: terminalLog(process.stderr),
  /** How long all parts together may take to finish what they are doing. */
  stopLimitMs: 18_000,
  explain,
  async run(config, frame) {
    const end = await compose(config, frame)
    await aborted(end)
    throw end.reason
  },
})
