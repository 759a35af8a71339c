/** The log of a simulated member: loses what was not synced, begins behind its snapshots, knows its voters. */
import type { RaftLog } from '../../../broker/consensus/events.ts'
import type { EpochEnd, SnapshotId } from '../../../broker/consensus/messages.ts'
import { VoterHistory } from '../../../broker/consensus/voter-history.ts'
import type { Voter, VotersAt } from '../../../broker/consensus/voters.ts'

export interface Entry {
  readonly epoch: number
  readonly value: string
  /** The set of voters that begins to count here. */
  readonly voters?: readonly Voter[]
}

export interface ModelSnapshot {
  readonly id: SnapshotId
  /** All that it stands for. */
  readonly entries: readonly Entry[]
}

export class MemoryLog implements RaftLog {
  /** From offset 0 on; those below `startOffset` are there for the checks alone. */
  entries: Entry[] = []
  durableEndOffset = 0
  isFull = false
  startOffset = 0
  snapshots: ModelSnapshot[] = []
  /** Snapshots that are kept; the log begins at the end of the oldest. */
  kept = 2
  private history = new VoterHistory()

  get endOffset(): number {
    return this.entries.length
  }

  get startEpoch(): number {
    return this.startOffset === 0 ? -1 : this.entries[this.startOffset - 1].epoch
  }

  get lastEpoch(): number {
    return this.entries.at(-1)?.epoch ?? -1
  }

  get snapshot(): SnapshotId | null {
    return this.snapshots.at(-1)?.id ?? null
  }

  get voters(): VotersAt | null {
    return this.history.last
  }

  endOffsetForEpoch(epoch: number): EpochEnd {
    for (let i = this.entries.length - 1; i >= Math.max(0, this.startOffset - 1); i -= 1) {
      if (this.entries[i].epoch <= epoch) return { epoch: this.entries[i].epoch, endOffset: i + 1 }
    }
    return { epoch: -1, endOffset: 0 }
  }

  append(entry: Entry): void {
    if (entry.epoch < this.lastEpoch) throw new Error(`epoch ${entry.epoch} behind ${this.lastEpoch}`)
    this.entries.push(entry)
    if (entry.voters !== undefined) this.history.add(this.endOffset - 1, entry.voters)
  }

  truncate(offset: number): void {
    this.entries.length = Math.min(this.endOffset, offset)
    this.durableEndOffset = Math.min(this.durableEndOffset, offset)
    this.history.truncateEnd(offset)
  }

  /** A power cut: what was not synced is gone, and the voters are read again from what is left. */
  crash(): void {
    this.entries.length = this.durableEndOffset
    this.history = new VoterHistory()
    this.entries.forEach(({ voters }, offset) => {
      if (voters !== undefined) this.history.add(offset, voters)
    })
    this.history.truncateStart(this.startOffset)
  }

  /** The snapshot is durable: the log need not reach back further than the oldest that is kept. */
  keep(snapshot: ModelSnapshot): void {
    this.snapshots = [...this.snapshots, snapshot].sort((a, b) => a.id.endOffset - b.id.endOffset)
    const start = this.snapshots.at(-this.kept)?.id.endOffset ?? 0
    this.startOffset = Math.max(this.startOffset, start)
    this.snapshots = this.snapshots.filter(({ id }) => id.endOffset >= this.startOffset)
    this.history.truncateStart(this.startOffset)
  }

  /** A snapshot of another member takes the place of everything. */
  install(snapshot: ModelSnapshot): void {
    const { endOffset } = snapshot.id
    const voters = snapshot.entries.findLast((entry) => entry.voters !== undefined)?.voters ?? null
    this.entries = [...snapshot.entries]
    this.durableEndOffset = endOffset
    this.startOffset = endOffset
    this.history.reset(endOffset, voters)
    this.keep(snapshot)
  }
}
