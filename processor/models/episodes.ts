/** What is kept of one source's alarm state. Plain data, so that any store can keep it. */
export interface EpisodeState {
  open: boolean
  /** Event time at which the open (or last) episode began, ms. */
  openedAtMs: number
  /** Highest score of the open (or last) episode. */
  peak: number
  /** Records over the threshold in the open (or last) episode. */
  records: number
  /** Records since the last one that kept the episode open. */
  quiet: number
}

export type EpisodeChange = 'opened' | 'closed' | undefined

/** A source that hovers at the threshold is one episode, not a hundred: an open one lives on scores down to this share. */
const HOLD_SHARE = 0.75
/** Records in a row below the hold level that end an episode. */
const QUIET_RECORDS = 20

/**
 * Turns scores into episodes: reported once when one opens and once when it closes, however long it lasts. Opens at the
 * first score over the threshold, closes after `quietRecords` in a row below `holdShare` of it.
 */
export class Episodes {
  readonly #holdShare: number
  readonly #quietRecords: number

  constructor(options: { readonly holdShare?: number; readonly quietRecords?: number } = {}) {
    this.#holdShare = options.holdShare ?? HOLD_SHARE
    this.#quietRecords = options.quietRecords ?? QUIET_RECORDS
  }

  /** The state of a source that was not seen before. */
  static initial(): EpisodeState {
    return { open: false, openedAtMs: 0, peak: 0, records: 0, quiet: 0 }
  }

  /** Takes the next score of a source into `state`. */
  advance(state: EpisodeState, score: number, threshold: number, atMs: number): EpisodeChange {
    if (!state.open) {
      if (score < threshold) return undefined
      state.open = true
      state.openedAtMs = atMs
      state.peak = score
      state.records = 1
      state.quiet = 0
      return 'opened'
    }
    if (score > state.peak) state.peak = score
    if (score >= threshold) state.records++
    state.quiet = score >= threshold * this.#holdShare ? 0 : state.quiet + 1
    if (state.quiet < this.#quietRecords) return undefined
    state.open = false
    return 'closed'
  }
}
