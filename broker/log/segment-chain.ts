import { crc32c } from '../../proto/kafka/crc32c.ts'
import type { Disk } from '../ports/disk.ts'
import { LogCorruptError } from './errors.ts'
import { SEGMENT_LIST_FILE } from './file-names.ts'
import { refuseNewer, textVersion } from './format-versions.ts'
import * as header from '../../proto/kafka/batch/header.ts'
import type { RecoveryOptions } from './recovery-scan.ts'
import { type ScanEnd, walkHeaders } from './scan.ts'
import type { Segment } from './segment.ts'

/** A sealed segment as it was when it was noted. */
interface Link {
  readonly sizeBytes: number
  /** Base offset of the segment after it. */
  readonly next: number
}

/**
 * Which segments a log has, so that one that is lost is noticed without reading the others. Written when a segment is
 * rolled, and not synced: it may be old. What it does not vouch for is looked up in the segment itself.
 */
export interface SegmentChain {
  readonly links: ReadonlyMap<number, Link>
  /** A compaction may have run, or a repair taken something out: offsets may be missing, also between segments. */
  readonly mayHaveHoles: boolean
}

const VERSION = 0
const NONE: SegmentChain = { links: new Map(), mayHaveHoles: false }

/** Text, as Kafka's checkpoints are: version, 1 if there may be holes, `base size` per segment, and the CRC-32C of all that. */
export function writeChain(
  disk: Disk,
  directory: string,
  segments: readonly Pick<Segment, 'baseOffset' | 'sizeBytes'>[],
  mayHaveHoles: boolean,
): void {
  const lines = segments.map(({ baseOffset, sizeBytes }) => `${baseOffset} ${sizeBytes}\n`)
  const text = `${VERSION}\n${mayHaveHoles ? 1 : 0}\n${lines.join('')}`
  const data = Buffer.from(`${text}${checksum(text)}\n`, 'latin1')
  disk.replaceSync(`${directory}/${SEGMENT_LIST_FILE}`, data, { sync: false })
}

/** Vouches for nothing when it is missing or damaged. Throws `LogCorruptError` for a newer version. */
export function readChain(disk: Disk, directory: string): SegmentChain {
  const path = `${directory}/${SEGMENT_LIST_FILE}`
  if (!disk.existsSync(path)) return NONE
  const data = disk.readFileSync(path)
  const match = /^(\d+\n([01])\n((?:\d+ \d+\n)*))(\d+)\n$/.exec(data.toString('latin1'))
  if (match === null || Number(match[4]) !== checksum(match[1]!)) return NONE
  refuseNewer(path, textVersion(data), VERSION)
  const bases = match[3]!.split('\n').slice(0, -1)
  const links = new Map<number, Link>()
  let previous: { readonly baseOffset: number; readonly sizeBytes: number } | null = null
  for (const line of bases) {
    const [baseOffset = -1, sizeBytes = -1] = line.split(' ').map(Number)
    if (previous !== null) links.set(previous.baseOffset, { sizeBytes: previous.sizeBytes, next: baseOffset })
    previous = { baseOffset, sizeBytes }
  }
  return { links, mayHaveHoles: match[2] === '1' }
}

function checksum(text: string): number {
  const data = Buffer.from(text, 'latin1')
  return crc32c(data, 0, data.length)
}

/**
 * Checks that each of the segments [from, to) ends where the next begins. Throws `LogCorruptError`, naming the file, when
 * one between them is lost, two overlap, or one is cut short.
 */
export function checkChain(
  options: RecoveryOptions,
  segments: readonly Segment[],
  { from, to }: { readonly from: number; readonly to: number },
  chain: SegmentChain,
  mayHaveHoles: boolean,
): void {
  for (let i = from; i < to && i + 1 < segments.length; i++) {
    const [segment, next] = [segments[i]!, segments[i + 1]!]
    const link = chain.links.get(segment.baseOffset)
    if (link?.next === next.baseOffset && link.sizeBytes === segment.sizeBytes) continue
    const endOffset = endOf(options, segment)
    if (endOffset > next.baseOffset) {
      const reason = `begins before offset ${endOffset}, where the segment before it ends: one of them is from another log`
      throw new LogCorruptError(next.handle.path, -1, reason)
    }
    if (endOffset === next.baseOffset || mayHaveHoles) continue
    const lost = `offsets ${endOffset} to ${next.baseOffset - 1} are missing before it`
    const remedy = 'bring back the file that holds them, or let "millrace log repair" accept the loss'
    throw new LogCorruptError(next.handle.path, -1, `${lost}: ${remedy}`)
  }
}

/** The offset after the last batch, found from the last index entry on, or from the start where the index is no good. */
function endOf(options: RecoveryOptions, segment: Segment): number {
  const { disk, shared, config } = options
  const { lastPosition } = segment.loadIndexes(disk, shared, config.indexIntervalBytes).offsets
  segment.indexes = null
  const file = segment.open(disk, shared)
  let endOffset = segment.baseOffset
  const walk = (from: number): ScanEnd =>
    walkHeaders(file, from, segment.sizeBytes, shared.readBuffers, (buffer, at) => {
      endOffset = header.nextOffset(buffer, at)
      return true
    })
  let end = walk(lastPosition)
  if (end.fault !== null && lastPosition > 0) end = walk(0)
  if (end.fault === null) return endOffset
  throw new LogCorruptError(segment.handle.path, end.position, `${end.fault}, in a segment that was complete`)
}
