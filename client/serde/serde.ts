/**
 * How keys or values become bytes and back. Never called with null: a null key is no key and a null value is a tombstone.
 * Both directions throw on what they cannot represent; the caller adds topic, partition and offset (`SerdeError`).
 * `encode` and `decode` suffice; the optional members are faster ways to the same result.
 */
export interface Serde<T> {
  /** Short name for messages, e.g. `json`. */
  readonly name: string
  encode(value: T): Uint8Array
  /** `bytes` is a slice of what was fetched, and not changed later: it may be kept, but keeps all of that in memory. */
  decode(bytes: Buffer): T
  /** Text whose UTF-8 bytes are what `encode` gives: the producer writes it straight into its batch. */
  toText?(value: T): string
  /** As `decode`, given the bytes as UTF-8 text: lets the consumer use the memory of its fetches again. */
  fromText?(text: string): T
  /**
   * As `decode`, without a slice, for results that are cheap to make and hold nothing of the buffer: records are then
   * decoded while the batch is read, and the consumer can use the memory of its fetches again.
   */
  decodeRange?(buffer: Buffer, start: number, end: number): T
}

/** The type that a serde reads and writes. */
export type SerdeType<S> = S extends Serde<infer T> ? T : never
