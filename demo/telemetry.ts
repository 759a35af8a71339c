import type { Serde } from '../client/serde/serde.ts'
import { messageType } from '../processor/protos.ts'

/** One reading of a device (`proto/telemetry.proto`); the key is the device, the record's timestamp the time of the reading. */
export interface Telemetry {
  /** When the device sent it, by the wall clock, ms since the epoch with fractions. */
  readonly sentAtMs: number
  /** Counts up by one per reading of a device. */
  readonly sequence: number
  /** One finite value per metric. */
  readonly values: ArrayLike<number>
}

const type = messageType('telemetry.proto', 'millrace.telemetry.Telemetry')

/**
 * The values of the telemetry topic for a fleet of so many metrics. Plain protobufjs without its checks and copies: over a
 * million readings a second in either direction (`bench/models/telemetry.ts`). What is cut off, has another number of
 * values, or holds a value that is not finite throws: such a record is rejected, not scored.
 */
export function telemetrySerde(metrics: number): Serde<Telemetry> {
  return {
    name: 'protobuf Telemetry',
    encode: (reading) => type.encode(reading as unknown as { [field: string]: unknown }).finish(),
    decode: (bytes) => {
      const reading = type.decode(bytes) as unknown as Telemetry
      const { values } = reading
      if (values.length !== metrics) throw new TypeError(`a reading of ${values.length} values, not ${metrics}`)
      for (let i = 0; i < metrics; i++) {
        if (!Number.isFinite(values[i])) throw new TypeError(`a reading whose value ${i} is ${values[i]}`)
      }
      return reading
    },
  }
}
