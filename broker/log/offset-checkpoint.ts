import type { Disk } from '../ports/disk.ts'

/** Offsets by partition directory name (`orders-0`), as Kafka's checkpoint files of a data directory hold them. */
export type Offsets = ReadonlyMap<string, number>

export const RECOVERY_POINT_FILE = 'recovery-point-offset-checkpoint'
export const LOG_START_FILE = 'log-start-offset-checkpoint'
export const HIGH_WATERMARK_FILE = 'replication-offset-checkpoint'

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

/** The file's offsets; none when it is missing or damaged, which only makes recovery read more (Kafka does the same). */
export function readOffsets(disk: Disk, path: string): Map<string, number> {
  const parsed = disk.existsSync(path) ? parseOffsets(disk.readFileSync(path)) : null
  return parsed ?? new Map<string, number>()
}
