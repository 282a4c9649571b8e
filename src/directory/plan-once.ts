/**
 * How the statements of a write are planned, as columns of the statement before them; both end with the transaction.
 *
 * Plans are made once for a text and not for its values: the estimates for a list of one value are so much lower
 * that Postgres would plan the long statement of a change anew each time (1.5 ms for adding one member against 0.6).
 *
 * A plan that was made while the tables were small stays until Postgres looks at their size again. One that reads
 * such a table as a whole, instead of by its index, then does so for each of 10,000 members (a minute instead of
 * 70 ms).
 */

import { prepared } from './prepared.ts'

export const planOnce = `set_config('plan_cache_mode', 'force_generic_plan', true) as plans,
  set_config('enable_seqscan', 'off', true) as scans`

/** The same as a statement of its own, for a flight whose first statement is a long one. */
export const setPlanning = prepared('plan_once', `select ${planOnce}`)

/**
 * Before a page of a list that an index has in its order: Postgres expects fewer rows of a large tenant than there are
 * (see the first migration), and would rather read and sort them all.
 */
export const setPlanningInOrder = prepared(
  'plan_in_order',
  `select set_config('enable_sort', 'off', true) as sorts, set_config('enable_bitmapscan', 'off', true) as bitmaps,
    set_config('enable_seqscan', 'off', true) as scans`,
)
