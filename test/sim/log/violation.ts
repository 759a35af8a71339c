/** A promise of the log was broken. `invariant` is the short name of the promise. */
export class Violation extends Error {
  readonly invariant: string

  constructor(invariant: string, message: string, cause?: unknown) {
    super(`${invariant}: ${message}`, { cause })
    this.name = 'Violation'
    this.invariant = invariant
  }
}

/** Throws a `Violation` unless the condition holds. */
export function must(condition: boolean, invariant: string, message: () => string): asserts condition {
  if (!condition) throw new Violation(invariant, message())
}
