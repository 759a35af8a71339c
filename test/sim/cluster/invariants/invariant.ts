import type { Survey } from './survey.ts'

/** What must hold at any time. It remembers what it has seen, so that a promise once given is held against later. */
export interface Invariant {
  /** Throws a `Violation`. */
  check(survey: Survey): void
}
