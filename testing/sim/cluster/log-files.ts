import * as header from '../../../proto/kafka/batch/header.ts'
import type { SimDisk } from '../disk/sim-disk.ts'
import { SimDirectory, SimFile } from '../disk/tree.ts'

/** A batch in the files of a log. */
export interface StoredBatch {
  readonly baseOffset: number
  readonly nextOffset: number
  readonly leaderEpoch: number
  readonly crc: number
  /** A power cut leaves it. */
  readonly isDurable: boolean
  /** The bytes it is in, and where; valid until the log changes. */
  readonly buffer: Buffer
  readonly position: number
}

/** Where a reader stands in a segment, so that the next look need not walk it again. */
interface Place {
  readonly name: string
  readonly file: SimFile
  readonly shrinks: number
  readonly offset: number
  readonly position: number
}

/** The segments of a log, as long as no name in its directory changes. */
interface Listing {
  readonly directory: SimDirectory
  readonly nameChanges: number
  /** By name, which is by offset. */
  readonly segments: readonly { readonly name: string; readonly baseOffset: number; readonly file: SimFile }[]
}

/** What the log of one partition holds on one node, read from its files behind the broker's back, dead or alive. */
export class LogFiles {
  readonly #directory: string
  #place: Place | null = null
  #listing: Listing | null = null

  /** `directory`: such as `/n1/data/orders-0`. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** The batches that end after `offset`, as far as they were written; none when there is no such log. */
  *from(disk: SimDisk, offset: number): Generator<StoredBatch, void, undefined> {
    const segments = this.#segments(disk)
    if (segments === null) return
    const first = segments.findLastIndex(({ baseOffset }) => baseOffset <= offset)
    for (let index = Math.max(0, first); index < segments.length; index++) {
      const { name, file } = segments[index]!
      yield* this.#batches(name, file, offset)
    }
  }

  /** Where its first segment begins; -1 when there is no such log. */
  startOffset(disk: SimDisk): number {
    return this.#segments(disk)?.[0]?.baseOffset ?? -1
  }

  /** Changes whenever something that was written is cut or replaced, or the log begins elsewhere: read it anew then. */
  changes(disk: SimDisk): string {
    const segments = this.#segments(disk)
    if (segments === null) return 'none'
    let shrinks = 0
    for (const { file } of segments) shrinks += file.shrinks
    return `${segments[0]?.name ?? ''} ${shrinks}`
  }

  /** Null when there is no such log. */
  #segments(disk: SimDisk): Listing['segments'] | null {
    const directory = disk.peek(this.#directory)
    if (!(directory instanceof SimDirectory)) return null
    const { nameChanges } = directory
    const isKnown = this.#listing?.directory === directory && this.#listing.nameChanges === nameChanges
    if (!isKnown) this.#listing = { directory, nameChanges, segments: segmentsIn(directory) }
    return this.#listing!.segments
  }

  *#batches(name: string, file: SimFile, offset: number): Generator<StoredBatch, void, undefined> {
    const buffer = file.visible.view()
    const place = this.#place
    const isKnown =
      place !== null &&
      place.name === name &&
      place.file === file &&
      place.shrinks === file.shrinks &&
      place.offset <= offset
    let position = isKnown ? place.position : 0
    for (;;) {
      const size = intactSize(buffer, position)
      if (size < 0) return
      const nextOffset = header.nextOffset(buffer, position)
      if (nextOffset > offset) {
        yield {
          baseOffset: header.baseOffset(buffer, position),
          nextOffset,
          leaderEpoch: header.leaderEpoch(buffer, position),
          crc: header.crc(buffer, position),
          isDurable: position + size <= file.durableSize,
          buffer,
          position,
        }
      }
      position += size
      this.#place = { name, file, shrinks: file.shrinks, offset: nextOffset, position }
    }
  }
}

function segmentsIn({ visible }: SimDirectory): Listing['segments'] {
  const segments: { name: string; baseOffset: number; file: SimFile }[] = []
  for (const [name, file] of visible) {
    if (name.endsWith('.log') && file instanceof SimFile)
      segments.push({ name, baseOffset: Number.parseInt(name, 10), file })
  }
  return segments.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Bytes of the batch at `position`; -1 when there is no whole one: a write that failed half way leaves anything. */
function intactSize(buffer: Buffer, position: number): number {
  const left = buffer.length - position
  if (left < header.HEADER_BYTES || header.magic(buffer, position) !== header.MAGIC) return -1
  const size = header.batchSize(buffer, position)
  return size < header.HEADER_BYTES || size > left ? -1 : size
}
