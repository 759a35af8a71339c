/**
 * When a window gives a result. What is computed, where in event time, when it is given and how results relate are said
 * apart: `aggregate`, `window`, `trigger`, `accumulate`.
 */
export interface Trigger {
  /** Whether records that come after the end, within the lateness, each give a late pane. */
  readonly lateFirings: 'none' | 'each'
}

/** How the panes of one window relate: each has what is new since the last one, or all so far. */
export type AccumulationMode = 'discarding' | 'accumulating'

/** One firing rule of a trigger. */
export interface LateFiring {
  readonly each: true
}

/** Fires for every record. */
export function each(): LateFiring {
  return Object.freeze({ each: true })
}

/** Fires when the watermark passes the end of the window; `.late(each())` also for each record that comes late. */
export class OnTimeTrigger implements Trigger {
  readonly lateFirings: 'none' | 'each'

  constructor(lateFirings: 'none' | 'each') {
    this.lateFirings = lateFirings
    Object.freeze(this)
  }

  late(_firing: LateFiring): OnTimeTrigger {
    return new OnTimeTrigger('each')
  }
}

/** One result when the watermark passes the end of the window. */
export function onTime(): OnTimeTrigger {
  return new OnTimeTrigger('none')
}
