/** Arithmetic of majorities. */

/** Fewest voters that any two of which share a member: 1 of 1, 2 of 2, 2 of 3, 3 of 5. */
export function majorityOf(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1
}

/** The largest offset that a majority of the voters has reached. `offsets` has one entry per voter. */
export function majorityOffset(offsets: readonly number[]): number {
  const descending = offsets.toSorted((a, b) => b - a)
  return descending[majorityOf(offsets.length) - 1] ?? 0
}
