/** Express without what it adds to answers, and without its parsing of queries, which are parsed in query.ts. */

import express from 'express'
import type { Express } from 'express'

export const bareExpress = (): Express =>
  express().disable('x-powered-by').disable('etag').set('query parser', false)
