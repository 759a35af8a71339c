import type { Disk } from '../ports/disk.ts'
import { DataDirError } from './errors.ts'
import { isNewer, textVersion } from './format-versions.ts'

/** Offsets by partition directory name (`orders-0`), as Kafka's checkpoint files of a data directory hold them. */
export type Offsets = ReadonlyMap<string, number>

export const RECOVERY_POINT_FILE = 'recovery-point-offset-checkpoint'
export const LOG_START_FILE = 'log-start-offset-checkpoint'
export const HIGH_WATERMARK_FILE = 'replication-offset-checkpoint'
export const CLEANER_FILE = 'cleaner-offset-checkpoint'

const VERSION = 0

/** Line 1 version `0`, line 2 count, then `topic partition offset` per line. */
export function encodeOffsets(offsets: Offsets): Buffer {
  const lines = ['0', String(offsets.size)]
  for (const [name, offset] of offsets) {
    const cut = name.lastIndexOf('-')
    lines.push(`${name.slice(0, cut)} ${name.slice(cut + 1)} ${offset}`)
  }
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1')
}

/** Null when the text is not a whole checkpoint. */
export function parseOffsets(data: Buffer): Map<string, number> | null {
  const lines = data.toString('latin1').split('\n')
  if (lines[0] !== '0' || lines.pop() !== '' || lines.length !== 2 + Number(lines[1])) return null
  const offsets = new Map<string, number>()
  for (const line of lines.slice(2)) {
    const match = /^(\S+) (\d+) (\d+)$/.exec(line)
    if (match === null) return null
    offsets.set(`${match[1]}-${match[2]}`, Number(match[3]))
  }
  return offsets
}

/** What a checkpoint file held. */
export interface Checkpoint {
  readonly offsets: Map<string, number>
  /** Whole; missing, as in a directory that is new; or damaged, and then nothing in it is known. */
  readonly state: 'whole' | 'missing' | 'damaged'
}

/** Reads a checkpoint file. Throws `DataDirError` for one of a newer version. */
export function readCheckpoint(disk: Disk, path: string): Checkpoint {
  if (!disk.existsSync(path)) return { offsets: new Map(), state: 'missing' }
  const data = disk.readFileSync(path)
  const version = textVersion(data)
  if (isNewer(version, VERSION)) {
    const message = `${path} has version ${version}, only ${VERSION} is readable: start the version that wrote it`
    throw new DataDirError('NEWER_FORMAT', path, message)
  }
  const offsets = parseOffsets(data)
  return offsets === null ? { offsets: new Map(), state: 'damaged' } : { offsets, state: 'whole' }
}
