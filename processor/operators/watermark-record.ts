import { TASKS_MAX } from '../limits.ts'

/** What an upstream task says in band about its event time. `silentMs` is undefined while its input is active. */
export interface WatermarkRecord {
  readonly task: number
  /** How many tasks write the topic. */
  readonly tasks: number
  readonly watermark: number
  readonly silentMs: number | undefined
}

const VERSION = 1
const SIZE = 25

/**
 * The value of a watermark record: version, task, tasks (int32), watermark and silence (float64; -1 is active). Its key is
 * null, which no record of data in a repartition topic has.
 */
export function encodeWatermark(record: WatermarkRecord): Buffer {
  const bytes = Buffer.allocUnsafe(SIZE)
  bytes.writeInt8(VERSION, 0)
  bytes.writeInt32BE(record.task, 1)
  bytes.writeInt32BE(record.tasks, 5)
  bytes.writeDoubleBE(record.watermark, 9)
  bytes.writeDoubleBE(record.silentMs ?? -1, 17)
  return bytes
}

/** Undefined when the bytes are no watermark record of this version. */
export function decodeWatermark(bytes: Buffer): WatermarkRecord | undefined {
  if (bytes.length !== SIZE || bytes.readInt8(0) !== VERSION) return undefined
  const task = bytes.readInt32BE(1)
  const tasks = bytes.readInt32BE(5)
  const watermark = bytes.readDoubleBE(9)
  const silentMs = bytes.readDoubleBE(17)
  if (
    tasks < 1 ||
    tasks > TASKS_MAX ||
    task < 0 ||
    task >= tasks ||
    Number.isNaN(watermark) ||
    Number.isNaN(silentMs)
  ) {
    return undefined
  }
  return { task, tasks, watermark, silentMs: silentMs < 0 ? undefined : silentMs }
}
