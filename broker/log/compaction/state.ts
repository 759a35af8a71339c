import type { PendingSwap } from './swap.ts'

/** What a log remembers about its compaction. */
export interface CompactionState {
  /** Below it the log has been cleaned, as `cleaner-offset-checkpoint` tells; -1 = never. */
  cleanedTo: number
  /** Counts truncations: a cleaning that began before one is abandoned. */
  truncations: number
  /** Cleaned files that are on their way into the log; null = none. */
  swap: PendingSwap | null
}

export function newCompactionState(): CompactionState {
  return { cleanedTo: -1, truncations: 0, swap: null }
}

/** The log ends at `offset` now: what is appended from there on is dirty. */
export function noteTruncation(state: CompactionState, offset: number): void {
  state.truncations++
  state.cleanedTo = Math.min(state.cleanedTo, offset)
}
