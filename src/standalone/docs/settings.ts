/** The table of settings of `npm start`. */
import { standaloneSettings } from '#platform/config.ts'
import { factsOf } from '#platform/settings.ts'

import { code, markdownTable } from './table.ts'

export const settingsTable = (): string =>
  markdownTable(
    ['flag', 'environment', 'what it is'],
    factsOf(standaloneSettings).map(({ flag, env, about }) => [
      code(flag === undefined ? undefined : `--${flag}`),
      code(env),
      about,
    ]),
  )
