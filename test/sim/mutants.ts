/** Bugs to be planted in the production source: each must make the simulator fail. */

/** A place in a source, and what stands there instead. */
export interface Edit {
  readonly file: string
  /** Must be there exactly once. */
  readonly find: string
  readonly replace: string
}

/** The source with the bug in it. Throws unless the place is there exactly once. */
export function mutated({ file, find, replace }: Edit, source: string): string {
  const places = source.split(find).length - 1
  if (places !== 1) throw new Error(`the place of a mutant is ${places} times in ${file}, not once: ${find}`)
  return source.replace(find, () => replace)
}

export interface Mutant extends Edit {
  readonly name: string
  /** Where two guards stand one behind the other, both must go. */
  readonly also?: Edit
}

export const mutants: readonly Mutant[] = [
  {
    name: 'no-fsync-wait',
    file: 'broker/log/group-commit.ts',
    find: 'else this.#options.shared.files.open(this.#options.disk, handle).datasync(done)',
    replace: 'else done(null)',
  },
  {
    name: 'ack-by-an-earlier-sync',
    file: 'broker/log/group-commit.ts',
    find: 'this.#waiters.push({ targetOffset, done, began })',
    replace: 'this.#waiters.push({ targetOffset: Math.min(targetOffset, this.#durableEndOffset), done, began })',
  },
  {
    name: 'mark-before-sync',
    file: 'broker/log/group-commit.ts',
    find: 'this.#running = this.#options.flushed()\n',
    replace: 'this.#running = this.#options.flushed()\n    this.#writeMark(this.#running)\n',
  },
  {
    name: 'mark-not-lowered',
    file: 'broker/log/group-commit.ts',
    find: '    this.#markSequence = writeBothMarks(file, mark, this.#markSequence)\n',
    replace: '',
  },
  {
    name: 'failed-fsync-taken-for-done',
    file: 'broker/log/group-commit.ts',
    find: '    if (error !== null) {\n      this.#options.onFailure(error)',
    replace: '    if (error !== null && error.message === "") {\n      this.#options.onFailure(error)',
  },
  {
    name: 'no-short-write-check',
    file: 'broker/log/write-queue.ts',
    find: '  checkSize(file, active.endPosition)\n',
    replace: '',
  },
  {
    name: 'full-disk-leaves-garbage',
    file: 'broker/log/write-queue.ts',
    find: '    file.truncateSync(active.sizeBytes)\n',
    replace: '',
  },
  {
    name: 'torn-batch-accepted',
    file: 'broker/log/scan.ts',
    find: 'if (whole && header.computeCrc(',
    replace: 'if (whole && position < 0 && header.computeCrc(',
  },
  {
    name: 'cut-below-the-durable-end',
    file: 'broker/log/recovery-scan.ts',
    find: 'if (isDurable(bounds, segment, position, scan.endOffset)) {',
    replace: 'if (position < 0) {',
    also: {
      file: 'broker/log/recovery.ts',
      find: 'if (scan.endOffset < durableEnd && ',
      replace: 'if (durableEnd < 0 && ',
    },
  },
  {
    name: 'torn-tail-not-kept',
    file: 'broker/log/torn-tail.ts',
    find: '    copyTail(disk, segment, shared, position, path)\n',
    replace: '',
  },
  {
    name: 'older-epoch-joined',
    file: 'broker/log/recovery-scan.ts',
    find: 'if (epoch < scan.epochs.latestEpoch && !isDurable(',
    replace: 'if (epoch < -1 && !isDurable(',
  },
  {
    name: 'no-directory-sync-after-roll',
    file: 'broker/log/log-trim.ts',
    find: '  options.shared.indexes.used(sealed)\n  markNamesDirty(parts)\n',
    replace: '  options.shared.indexes.used(sealed)\n',
  },
  {
    name: 'index-not-rolled-back',
    file: 'broker/log/log-trim.ts',
    find: '  segment.rebuildIndexes(disk, shared, parts.config.indexIntervalBytes, position)\n',
    replace: '  segment.loadIndexes(disk, shared, parts.config.indexIntervalBytes)\n  segment.endPosition = position\n',
  },
  {
    name: 'epochs-not-rewound',
    file: 'broker/log/log-trim.ts',
    find: '  if (parts.epochs.truncateEnd(endOffset)) writeFewerEpochs(parts)\n',
    replace: '',
  },
  {
    name: 'stale-tail-cache',
    file: 'broker/log/log-trim.ts',
    find: '  shared.tailCache.truncate(parts.tail, endOffset)\n',
    replace: '',
  },
  {
    name: 'deleted-before-the-start-is-noted',
    file: 'broker/log/log-manager.ts',
    find: '    this.#checkpoints.writeLogStarts()\n    let deleted = 0\n',
    replace: '    let deleted = 0\n',
  },
  {
    name: 'window-of-one-after-restart',
    file: 'broker/log/producer-recovery.ts',
    find: 'for (const entry of entries) state.restore(entry)',
    replace: 'for (const entry of entries) state.restore({ ...entry, batches: entry.batches.slice(-1) })',
  },
  {
    name: 'time-index-off-by-one',
    file: 'broker/log/time-index.ts',
    find: 'return low === 0 ? 0 : this.relativeOffset(low - 1)',
    replace: 'return low === this.#count ? 0 : this.relativeOffset(low) + 1',
  },
  {
    name: 'open-transaction-is-stable',
    file: 'broker/log/log.ts',
    find: 'return unstable < 0 ? highWatermark :',
    replace: 'return unstable < 1e15 ? highWatermark :',
  },
  {
    name: 'mark-in-one-slot',
    file: 'broker/log/durable-mark.ts',
    find: 'return (sequence % 2) * SLOT_DISTANCE',
    replace: 'return (sequence % 1) * SLOT_DISTANCE',
  },
  {
    name: 'torn-copy-not-synced',
    file: 'broker/log/torn-tail.ts',
    find: '    target.datasyncSync()\n',
    replace: '',
  },
  {
    name: 'lost-write-taken-for-a-hole',
    file: 'broker/log/recovery-scan.ts',
    find: '  if (isKnown === true) return null\n',
    replace: '  if (bounds.mayHaveHoles) return null\n',
  },
  {
    name: 'cleaned-log-not-synced',
    file: 'broker/log/compaction/clean-group.ts',
    find: '      file.datasyncSync()\n',
    replace: '',
  },
  {
    name: 'map-ends-late',
    file: 'broker/log/compaction/build-map.ts',
    find: 'map.latestOffset = segment.nextOffset - 1',
    replace: 'map.latestOffset = segment.nextOffset',
  },
  {
    name: 'map-keeps-the-first-offset',
    file: 'broker/log/compaction/offset-map.ts',
    find: '    const stored = offset + 1\n',
    replace: '    const stored = words[at + 4] === 0 ? offset + 1 : words[at + 4]!\n',
  },
  {
    name: 'last-batch-of-a-producer-goes',
    file: 'broker/log/compaction/batch-filter.ts',
    find: "return isLast ? 'keep' : 'drop'",
    replace: "return isLast && producerId < 0 ? 'keep' : 'drop'",
  },
  {
    name: 'changed-files-vouched-for',
    file: 'broker/log/settled-logs.ts',
    find: 'return found !== null && encode(name, found) === encode(name, noted)',
    replace: 'return found !== null && encode(name, { ...found, checksum: noted.checksum }) === encode(name, noted)',
  },
  {
    name: 'damaged-summary-believed',
    file: 'broker/log/settled-logs.ts',
    find: 'Number(lines.pop()) !== checksum(data.subarray(0, cut))',
    replace: 'lines.pop() === String(cut)',
  },
  {
    name: 'stop-of-an-earlier-uptime',
    file: 'broker/log/settled-logs.ts',
    find: 'if (!this.#wasStopped || noted === undefined',
    replace: 'if (noted === undefined',
  },
  {
    name: 'older-summary-believed',
    file: 'broker/log/settled-logs.ts',
    find: 'if (recoveryPoint >= 0 && recoveryPoint !== noted.endOffset) return null',
    replace: '',
    also: {
      file: 'broker/log/settled-logs.ts',
      find: 'if ((readMark(disk, directory)?.sequence ?? -1) > noted.sequence) return null',
      replace: '',
    },
  },
  {
    name: 'end-of-the-stop-forgotten',
    file: 'broker/log/settled-logs.ts',
    find: 'if (!this.#wasStopped || noted === undefined',
    replace: 'if (this.#dataDir.length > 0 || noted === undefined',
    also: {
      file: 'broker/log/recovery.ts',
      find: 'cleanShutdown || (wasStopped && mark !== null)',
      replace: 'cleanShutdown || (wasStopped && mark === null)',
    },
  },
  {
    name: 'checkpoints-not-synced-at-a-stop',
    file: 'broker/log/log-manager.ts',
    find: '      if (problem === null) this.#checkpoints.sync()\n',
    replace: '',
  },
  {
    name: 'marker-stays-after-the-start',
    file: 'broker/log/data-dir.ts',
    find: '    if (cleanShutdown) disk.unlinkSync(`${path}/${CLEAN_SHUTDOWN_FILE}`)\n',
    replace: '',
  },
]
