/** The sets of voters in the log and in its newest snapshot, so that a cut brings back the one before. */
import type { Voter, VotersAt } from './voters.ts'

export class VoterHistory {
  private entries: VotersAt[] = []

  /** The last set, committed or not; null when there is none. The same object until it changes. */
  get last(): VotersAt | null {
    return this.entries.at(-1) ?? null
  }

  /** The set that the first `endOffset` records end with; null when there is none in them. */
  at(endOffset: number): VotersAt | null {
    return this.entries.findLast(({ offset }) => offset < endOffset) ?? null
  }

  /** Offsets rise. */
  add(offset: number, voters: readonly Voter[]): void {
    const { last } = this
    if (last !== null && offset <= last.offset) throw new Error(`voters at ${offset} after those at ${last.offset}`)
    this.entries.push({ offset, voters, before: last?.voters ?? null })
  }

  /** The log was cut at `endOffset`. */
  truncateEnd(endOffset: number): void {
    if ((this.last?.offset ?? -1) >= endOffset) this.entries = this.entries.filter(({ offset }) => offset < endOffset)
  }

  /** The log begins at `startOffset`: of what is older only the set that still counts there is kept. */
  truncateStart(startOffset: number): void {
    const counts = this.entries.findLastIndex(({ offset }) => offset < startOffset)
    if (counts > 0) this.entries = this.entries.slice(counts)
  }

  /** All there is, replaced by what a snapshot says. */
  reset(endOffset: number, voters: readonly Voter[] | null): void {
    this.entries = voters === null ? [] : [{ offset: endOffset - 1, voters, before: null }]
  }
}
