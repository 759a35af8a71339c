import type { News } from './news.ts'

/** What must hold at any time. It remembers what it has seen, so that a promise once given is held against later. */
export interface Invariant {
  /** Called after every event in which something may have changed. Throws a `Violation`. */
  check(news: News): void
}
