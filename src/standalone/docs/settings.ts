/** The tables of settings: of `npm start`, which has flags too, and of the processes of a cluster, which have none. */
import { operatorSettings, serverSettings, standaloneSettings, workerSettings } from '#platform/config.ts'
import { factsOf } from '#platform/settings.ts'

import { code, markdownTable } from './table.ts'

import type { z } from 'zod'

export const standaloneTable = (): string =>
  markdownTable(
    ['flag', 'environment', 'what it is'],
    factsOf(standaloneSettings).map(({ flag, env, about }) => [
      code(flag === undefined ? undefined : `--${flag}`),
      code(env),
      about,
    ]),
  )

const environmentTable = (settings: z.ZodObject): string => {
  const required = new Set(settings.safeParse({}).error?.issues.map(({ path }) => path[0]))
  return markdownTable(
    ['environment', '', 'what it is'],
    factsOf(settings).map(({ name, env, about }) => [code(env), required.has(name) ? 'required' : '', about]),
  )
}

/** Process -> its table. */
export const processTables: Readonly<Record<string, () => string>> = {
  operator: () => environmentTable(operatorSettings),
  server: () => environmentTable(serverSettings),
  worker: () => environmentTable(workerSettings),
}
