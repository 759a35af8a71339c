import { crc32c } from '../../proto/kafka/crc32c.ts'
import type { Disk } from '../ports/disk.ts'
import { readMark } from './durable-mark.ts'
import * as names from './file-names.ts'

/** The file in a data directory. Ours; Kafka looks at directories only. */
export const SETTLED_FILE = 'settled-logs'

/** A log as a clean stop left it, everything of it durable. */
interface SettledLog {
  readonly endOffset: number
  /** Of the durable mark, which rises with every sync and every truncation. */
  readonly sequence: number
  /** The segment that takes the appends, and the bytes in it. */
  readonly activeBaseOffset: number
  readonly activeBytes: number
  readonly segments: number
  /** CRC-32C over the small files that a start after a clean stop trusts. */
  readonly checksum: number
}

const VERSION = '0'

/** Read whole at every start anyway, and everything depends on it: damage is better found before. */
const METADATA_LOG = '__cluster_metadata-0'

/**
 * Which logs a clean stop left complete and durable, and how they looked. After kill -9 a log that still looks like that has
 * not been written to since, so nothing of it need be read: of thousands of partitions most are idle.
 *
 * It can only vouch: a log that differs in anything is recovered. Bytes appended change the size, a sync and a truncation the
 * durable mark, a roll the number of segments or, when a power cut takes it back, the index that it wrote.
 */
export class SettledLogs {
  readonly #disk: Disk
  readonly #dataDir: string
  readonly #logs: Map<string, SettledLog>

  constructor(disk: Disk, dataDir: string) {
    this.#disk = disk
    this.#dataDir = dataDir
    this.#logs = disk.existsSync(this.#path) ? parse(disk.readFileSync(this.#path)) : new Map()
  }

  get #path(): string {
    return `${this.#dataDir}/${SETTLED_FILE}`
  }

  /** Nothing has changed in the log since the clean stop that noted it. Throws what the disk throws. */
  vouchFor(name: string, recoveryPoint: number): boolean {
    const noted = this.#logs.get(name)
    if (noted === undefined || recoveryPoint > noted.endOffset) return false
    const directory = `${this.#dataDir}/${name}`
    if (readMark(this.#disk, directory)?.sequence !== noted.sequence) return false
    const found = look(this.#disk, directory)
    return found !== null && encode(name, found) === encode(name, noted)
  }

  /** Notes a log that has just been closed cleanly, for `write`. */
  note(name: string, endOffset: number, segments: number): void {
    if (name === METADATA_LOG) return
    const known = this.#logs.get(name)
    // Where it has changed all the same, it will not look like this any more and be recovered.
    if (known?.endOffset === endOffset && known.segments === segments) return
    this.#logs.delete(name)
    try {
      const found = look(this.#disk, `${this.#dataDir}/${name}`)
      if (found?.endOffset === endOffset) this.#logs.set(name, found)
    } catch {
      // Nobody vouches for it, and it will be recovered after a kill.
    }
  }

  /** The log is gone, or could not be closed cleanly. */
  forget(name: string): void {
    this.#logs.delete(name)
  }

  /** Makes durable what has been noted. */
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
  const mark = readMark(disk, directory)
  if (active === undefined || mark === null) return null
  const activeBaseOffset = names.offsetOfName(active, names.LOG_SUFFIX)
  const activeBytes = disk.sizeSync(`${directory}/${active}`)
  if (mark.segmentBaseOffset !== activeBaseOffset || mark.position !== activeBytes) return null
  const { endOffset, sequence } = mark
  const trusted = new Set(trustedFiles(activeBaseOffset, endOffset))
  let sums = ''
  for (const name of found) {
    if (trusted.has(name)) sums += `${name} ${checksum(disk.readFileSync(`${directory}/${name}`))}\n`
  }
  const sum = checksum(Buffer.from(sums, 'latin1'))
  return { endOffset, sequence, activeBaseOffset, activeBytes, segments: segments.length, checksum: sum }
}

/** What is written when a log is closed or its epoch changes, and not read again after a clean stop. */
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
