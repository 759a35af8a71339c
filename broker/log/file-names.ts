/** Names of the files of a partition directory: Kafka's, and two of our own. */

export const LOG_SUFFIX = '.log'
export const INDEX_SUFFIX = '.index'
export const TIME_INDEX_SUFFIX = '.timeindex'
export const TXN_INDEX_SUFFIX = '.txnindex'
export const SNAPSHOT_SUFFIX = '.snapshot'
/** Ours: the last five batches of each producer beside a `.snapshot`, which holds only the last one (W16). */
export const WINDOW_SUFFIX = '.producers'
export const DELETED_SUFFIX = '.deleted'
export const CLEANED_SUFFIX = '.cleaned'
export const SWAP_SUFFIX = '.swap'
export const TORN_SUFFIX = '.torn'
export const TEMPORARY_SUFFIX = '.tmp'

export const EPOCH_FILE = 'leader-epoch-checkpoint'
export const METADATA_FILE = 'partition.metadata'
/** Ours: which segments there are. */
export const SEGMENT_LIST_FILE = 'segment-list'
/** Ours: how far the last fdatasync reached. */
export const DURABLE_MARK_FILE = 'durable-end'

/** Everything that is deleted with a segment. */
export const SEGMENT_SUFFIXES = [
  LOG_SUFFIX,
  INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
  SNAPSHOT_SUFFIX,
  WINDOW_SUFFIX,
] as const

const STEM_DIGITS = 20

/** An offset as a file stem: 20 digits, zero padded. */
export function stemOf(offset: number): string {
  return String(offset).padStart(STEM_DIGITS, '0')
}

/** The offset in a name of exactly `<20 digits><suffix>`; -1 when the name is another. */
export function offsetOfName(name: string, suffix: string): number {
  if (name.length !== STEM_DIGITS + suffix.length || !name.endsWith(suffix)) return -1
  const stem = name.slice(0, STEM_DIGITS)
  return /^\d+$/.test(stem) ? Number(stem) : -1
}
