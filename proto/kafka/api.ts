import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** The value of `flexibleFrom` for an API that has no flexible version: above every version. */
export const NEVER_FLEXIBLE = 32768

/** One Kafka API: its key, its versions, and how its messages are read and written. */
export interface Api<Req, Res> {
  readonly key: number
  /** Kafka's name, e.g. `Produce`. */
  readonly name: string
  /** The lowest version Kafka 4.3 advertises; for Produce below what it accepts (W5). */
  readonly minVersion: number
  /** The highest version Kafka 4.3 advertises. */
  readonly maxVersion: number
  /** The lowest version there is a codec for; below it, reading and writing throw. */
  readonly minCodecVersion: number
  /** The highest version there is a codec for; above `maxVersion` where Kafka holds one back as unstable. */
  readonly maxCodecVersion: number
  /** First version with compact lengths and tagged fields. */
  readonly flexibleFrom: number
  /** Throws `WireError` for bad bytes. Fields the version does not have get their default. */
  readRequest(reader: Reader, version: number): Req
  /** Fields the version does not have are left out. */
  writeRequest(writer: Writer, message: Req, version: number): void
  readResponse(reader: Reader, version: number): Res
  writeResponse(writer: Writer, message: Res, version: number): void
}
