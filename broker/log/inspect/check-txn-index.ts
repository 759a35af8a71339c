import { readInt16, readInt64 } from '../../../proto/kafka/int64.ts'
import type { Disk } from '../../ports/disk.ts'
import type { AbortedTransaction } from '../txn-index.ts'
import type { EntryFault } from './check-offset-index.ts'
import { EntryFile } from './entry-file.ts'

export const TXN_ENTRY_BYTES = 34

/** Reads entry `i` of an `.txnindex`; null when its version is not 0. */
export function readTxnEntry(file: EntryFile, i: number): AbortedTransaction | null {
  const at = file.at(i)
  const { buffer } = file
  if (readInt16(buffer, at) !== 0) return null
  return {
    producerId: readInt64(buffer, at + 2),
    firstOffset: readInt64(buffer, at + 10),
    lastOffset: readInt64(buffer, at + 18),
    lastStableOffset: readInt64(buffer, at + 26),
  }
}

/**
 * Compares a `.txnindex` with the ABORT markers of its segment while that is walked. `isComplete`: every batch of every
 * transaction is in the log; where compaction or retention has taken some, an entry may tell more than the log does.
 */
export class TxnIndexCheck {
  readonly #file: EntryFile | null
  readonly #fault: EntryFault
  #next = 0

  constructor(disk: Disk, path: string, fault: EntryFault) {
    this.#fault = fault
    this.#file = disk.existsSync(path) ? new EntryFile(disk, path, TXN_ENTRY_BYTES) : null
    if (this.#file !== null && this.#file.restBytes > 0) {
      fault(this.#file.count * TXN_ENTRY_BYTES, 'the file ends inside an entry')
    }
  }

  /** The log has this aborted transaction, with its marker in this segment. */
  aborted(transaction: AbortedTransaction, isComplete: boolean): void {
    const { producerId, firstOffset, lastOffset, lastStableOffset } = transaction
    while (this.#file !== null && this.#next < this.#file.count) {
      const entry = readTxnEntry(this.#file, this.#next)
      if (entry !== null && entry.lastOffset > lastOffset) break
      this.#next++
      if (entry === null || entry.lastOffset < lastOffset) {
        this.#extra(entry, isComplete)
        continue
      }
      const isSame =
        entry.producerId === producerId &&
        (!isComplete || (entry.firstOffset === firstOffset && entry.lastStableOffset === lastStableOffset))
      if (!isSame) {
        const log = `producer ${producerId} from ${firstOffset}, last stable offset ${lastStableOffset}`
        this.#fail(`says ${describe(entry)}; the log says ${log}`)
      }
      return
    }
    const what = `no entry for the transaction of producer ${producerId} that was aborted at offset ${lastOffset}`
    this.#fault(this.#next * TXN_ENTRY_BYTES, what)
  }

  end(isComplete: boolean): void {
    if (this.#file === null) return
    while (this.#next < this.#file.count) {
      const entry = readTxnEntry(this.#file, this.#next)
      this.#next++
      this.#extra(entry, isComplete)
    }
    this.#file.close()
  }

  #extra(entry: AbortedTransaction | null, isComplete: boolean): void {
    if (entry === null) this.#fail('has a version other than 0')
    else if (isComplete) this.#fail(`says ${describe(entry)}; the log has no such transaction`)
  }

  /** About the entry taken last. */
  #fail(what: string): void {
    this.#fault((this.#next - 1) * TXN_ENTRY_BYTES, `entry ${this.#next - 1} ${what}`)
  }
}

function describe({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransaction): string {
  return `producer ${producerId} aborted ${firstOffset} to ${lastOffset}, last stable offset ${lastStableOffset}`
}
