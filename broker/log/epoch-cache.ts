/** Where each leader epoch begins (KIP-101): what decides how far two replicas' logs agree. Epochs and offsets both rise. */
export class EpochCache {
  #epochs: number[] = []
  #startOffsets: number[] = []
  #changed = false

  /** Differs from the file that it was read from. */
  get changed(): boolean {
    return this.#changed
  }

  get count(): number {
    return this.#epochs.length
  }

  /** -1 when there is none. */
  get latestEpoch(): number {
    return this.#epochs.at(-1) ?? -1
  }

  /**
   * Records that `epoch` begins at `startOffset`; entries that contradict it are dropped. Returns whether anything changed:
   * the latest epoch assigned again at the same or a later offset changes nothing.
   */
  assign(epoch: number, startOffset: number): boolean {
    const last = this.#epochs.length - 1
    if (last >= 0 && this.#epochs[last] === epoch && startOffset >= this.#startOffsets[last]!) return false
    while (this.#epochs.length > 0 && (this.latestEpoch >= epoch || this.#startOffsets.at(-1)! >= startOffset)) {
      this.#epochs.pop()
      this.#startOffsets.pop()
    }
    // An array that begins by a push has room for 17.
    if (this.#epochs.length === 0) [this.#epochs, this.#startOffsets] = [[epoch], [startOffset]]
    else {
      this.#epochs.push(epoch)
      this.#startOffsets.push(startOffset)
    }
    this.#changed = true
    return true
  }

  /**
   * The highest epoch <= `epoch` and its exclusive end. For an epoch older than all known: itself and the first start.
   * For one newer than all known: -1 and -1.
   */
  endOffsetFor(epoch: number, logEndOffset: number): { readonly epoch: number; readonly endOffset: number } {
    if (epoch < 0 || epoch > this.latestEpoch) return { epoch: -1, endOffset: -1 }
    if (epoch === this.latestEpoch) return { epoch, endOffset: logEndOffset }
    const higher = upperBound(this.#epochs, epoch)
    return { epoch: this.#epochs[higher - 1] ?? epoch, endOffset: this.#startOffsets[higher]! }
  }

  /** The epoch that the offset was written in; -1 when it is below all known. */
  epochFor(offset: number): number {
    return this.#epochs[upperBound(this.#startOffsets, offset) - 1] ?? -1
  }

  /** The log was cut at `endOffset`: epochs that begin there or later are gone. */
  truncateEnd(endOffset: number): boolean {
    const before = this.#epochs.length
    while (this.#epochs.length > 0 && this.#startOffsets.at(-1)! >= endOffset) {
      this.#epochs.pop()
      this.#startOffsets.pop()
    }
    if (this.#epochs.length === before) return false
    this.#changed = true
    return true
  }

  /** The log now begins at `startOffset`: older epochs are gone, and the one it is in begins there. */
  truncateStart(startOffset: number): boolean {
    const gone = upperBound(this.#startOffsets, startOffset) - 1
    if (gone < 0 || (gone === 0 && this.#startOffsets[0] === startOffset)) return false
    this.#epochs.splice(0, gone)
    this.#startOffsets.splice(0, gone)
    this.#startOffsets[0] = startOffset
    this.#changed = true
    return true
  }

  /** The content of `leader-epoch-checkpoint`: of all epochs, or of those that begin before `endOffset`. */
  encode(endOffset = Number.POSITIVE_INFINITY): Buffer {
    const count = upperBound(this.#startOffsets, endOffset - 1)
    let text = `0\n${count}\n`
    for (let i = 0; i < count; i++) text += `${this.#epochs[i]} ${this.#startOffsets[i]}\n`
    return Buffer.from(text, 'latin1')
  }

  /** Null when the file is damaged (it carries no checksum): then the epochs are read from the batch headers. */
  static parse(data: Buffer): EpochCache | null {
    const lines = data.toString('latin1').split('\n')
    if (lines[0] !== '0' || lines.pop() !== '' || lines.length !== 2 + Number(lines[1])) return null
    const cache = new EpochCache()
    for (const line of lines.slice(2)) {
      const match = /^(\d+) (\d+)$/.exec(line)
      if (match === null || !cache.assign(Number(match[1]), Number(match[2]))) return null
    }
    cache.#changed = false
    return cache.count === lines.length - 2 ? cache : null
  }
}

/** Index of the first element above the value. */
function upperBound(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}
