import { crc32c } from '../../proto/kafka/crc32c.ts'
import type { Disk } from '../ports/disk.ts'
import { directoryView } from './directory-view.ts'
import { type NumberedMark, readMark } from './durable-mark.ts'
import * as names from './file-names.ts'

/** The file in a data directory. Ours; Kafka looks at directories only. */
export const SETTLED_FILE = 'settled-logs'

/**
 * A log as a clean stop left it. Its records and the names of its segments are durable, and so is this; the small files
 * beside them need not be.
 */
interface SettledLog {
  readonly endOffset: number
  /** Of the durable mark, which rises with every sync and every truncation; -1 = an empty log, which has none. */
  readonly sequence: number
  /** The segment that takes the appends, and the bytes in it. */
  readonly activeBaseOffset: number
  readonly activeBytes: number
  readonly segments: number
  /** CRC-32C over the small files that a start after a clean stop trusts. */
  readonly checksum: number
}

const VERSION = '0'

/** Everything depends on it: after a kill it is read and checked, as damage is better found before. */
const METADATA_LOG = '__cluster_metadata-0'

/**
 * Which logs a clean stop left complete and durable, and how they looked. One that still looks like that has not been written
 * to since, and a power cut took nothing of it: nothing of it need be read. After kill -9 that is most of thousands of logs.
 *
 * It can only vouch: a log that differs in anything is recovered. Bytes appended change the size, a sync the durable mark, and
 * so does a truncation below it; what was cut before it was synced leaves the log as it was. A roll changes the number of
 * segments. The indexes, snapshot and epochs written at a stop are not synced one by one, as that takes longest with thousands
 * of logs: a power cut that takes one of them back changes the checksum.
 */
export class SettledLogs {
  readonly #disk: Disk
  readonly #dataDir: string
  readonly #wasStopped: boolean
  readonly #logs: Map<string, SettledLog>

  /** `wasStopped`: the last thing that happened to the directory was the clean stop that wrote this. */
  constructor(disk: Disk, dataDir: string, wasStopped: boolean) {
    this.#disk = disk
    this.#dataDir = dataDir
    this.#wasStopped = wasStopped
    this.#logs = disk.existsSync(this.#path) ? parse(disk.readFileSync(this.#path)) : new Map()
  }

  get #path(): string {
    return `${this.#dataDir}/${SETTLED_FILE}`
  }

  /** Nothing has changed in the log since the clean stop that noted it. `disk` may be a view. Throws what the disk throws. */
  vouchFor(name: string, recoveryPoint: number, disk: Disk): boolean {
    const noted = this.#logs.get(name)
    if (noted === undefined || recoveryPoint > noted.endOffset) return false
    if (name === METADATA_LOG && !this.#wasStopped) return false
    const directory = `${this.#dataDir}/${name}`
    if ((readMark(disk, directory)?.sequence ?? -1) !== noted.sequence) return false
    const found = look(disk, directory)
    return found !== null && encode(name, found) === encode(name, noted)
  }

  /**
   * Where the log ends, when it was stopped cleanly just before: all of that was made durable, whatever a power cut has left
   * of the mark. Null: not known, or somebody has put other files in place: an older copy of this one, which does not fit the
   * recovery point of the stop (-1 = not known) and the mark, or those of another log, which lack the mark.
   */
  stoppedAt(name: string, recoveryPoint: number, disk: Disk): NumberedMark | null {
    const noted = this.#logs.get(name)
    if (!this.#wasStopped || noted === undefined || noted.sequence < 0) return null
    if (recoveryPoint >= 0 && recoveryPoint !== noted.endOffset) return null
    const directory = `${this.#dataDir}/${name}`
    if (!disk.existsSync(`${directory}/${names.DURABLE_MARK_FILE}`)) return null
    // A power cut may take the mark back, never on.
    if ((readMark(disk, directory)?.sequence ?? -1) > noted.sequence) return null
    const { endOffset, sequence, activeBaseOffset: segmentBaseOffset, activeBytes: position } = noted
    return { endOffset, sequence, segmentBaseOffset, position }
  }

  /** Notes a log that has just been closed cleanly, for `write`; `isUnchanged` if it was vouched for and is as it was. */
  note(name: string, endOffset: number, isUnchanged: boolean): void {
    if (isUnchanged && this.#logs.has(name)) return
    this.#logs.delete(name)
    const directory = `${this.#dataDir}/${name}`
    try {
      const found = look(directoryView(this.#disk, directory), directory)
      if (found?.endOffset === endOffset) this.#logs.set(name, found)
    } catch {
      // Nobody vouches for it, and it will be recovered.
    }
  }

  /** The log is gone, or could not be closed cleanly. */
  forget(name: string): void {
    this.#logs.delete(name)
  }

  /** Makes durable what has been noted, and the names in the data directory with it. */
  write(): void {
    let text = `${VERSION}\n`
    for (const [name, log] of this.#logs) text += encode(name, log)
    const data = Buffer.from(`${text}${checksum(Buffer.from(text, 'latin1'))}\n`, 'latin1')
    this.#disk.replaceSync(this.#path, data)
  }
}

function encode(name: string, log: SettledLog): string {
  return `${name} ${log.endOffset} ${log.sequence} ${log.activeBaseOffset} ${log.activeBytes} ${log.segments} ${log.checksum}\n`
}

/** Nothing where the file is damaged or of another version: then every log is recovered. */
function parse(data: Buffer): Map<string, SettledLog> {
  const logs = new Map<string, SettledLog>()
  const lines = data.toString('latin1').split('\n')
  const cut = data.lastIndexOf('\n', data.length - 2) + 1
  if (lines[0] !== VERSION || lines.pop() !== '' || Number(lines.pop()) !== checksum(data.subarray(0, cut))) return logs
  for (const line of lines.slice(1)) {
    const [name = '', ...numbers] = line.split(' ')
    const [endOffset = -1, sequence = -1, activeBaseOffset = -1, activeBytes = -1, segments = -1, sum = -1] =
      numbers.map(Number)
    logs.set(name, { endOffset, sequence, activeBaseOffset, activeBytes, segments, checksum: sum })
  }
  return logs
}

/** How a log looks that nobody has open; null when its durable mark does not stand at the end of its last file. */
function look(disk: Disk, directory: string): SettledLog | null {
  const found = disk.listSync(directory)
  const segments = found.filter((name) => names.offsetOfName(name, names.LOG_SUFFIX) >= 0)
  const active = segments.at(-1)
  if (active === undefined) return null
  const activeBaseOffset = names.offsetOfName(active, names.LOG_SUFFIX)
  const activeBytes = disk.sizeSync(`${directory}/${active}`)
  const mark = readMark(disk, directory) ?? markOfEmpty(activeBaseOffset, activeBytes, segments.length)
  if (mark?.segmentBaseOffset !== activeBaseOffset || mark.position !== activeBytes) return null
  const { endOffset, sequence } = mark
  const trusted = new Set(trustedFiles(activeBaseOffset, endOffset))
  let sums = ''
  for (const name of found) {
    if (trusted.has(name)) sums += `${name} ${checksum(disk.readFileSync(`${directory}/${name}`))}\n`
  }
  const sum = checksum(Buffer.from(sums, 'latin1'))
  return { endOffset, sequence, activeBaseOffset, activeBytes, segments: segments.length, checksum: sum }
}

/** What stands for the mark of a log that never had a record; null for another. */
function markOfEmpty(segmentBaseOffset: number, position: number, segments: number): NumberedMark | null {
  if (position > 0 || segments > 1) return null
  return { endOffset: segmentBaseOffset, sequence: -1, segmentBaseOffset, position }
}

/** What a stop, a roll or a new epoch writes, which a start after a clean stop takes as it finds it. */
function trustedFiles(activeBaseOffset: number, endOffset: number): string[] {
  const active = names.stemOf(activeBaseOffset)
  const end = names.stemOf(endOffset)
  return [
    active + names.INDEX_SUFFIX,
    active + names.TIME_INDEX_SUFFIX,
    active + names.TXN_INDEX_SUFFIX,
    end + names.SNAPSHOT_SUFFIX,
    end + names.WINDOW_SUFFIX,
    names.EPOCH_FILE,
    names.METADATA_FILE,
    names.SEGMENT_LIST_FILE,
  ]
}

function checksum(data: Buffer): number {
  return crc32c(data, 0, data.length)
}
