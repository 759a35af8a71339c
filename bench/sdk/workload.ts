/** What every client is asked to do, and what it reports: the same in each client's own file. */

export interface Workload {
  readonly bootstrap: string
  readonly topic: string
  /** Bytes of a value; keys have eight. */
  readonly recordBytes: number
  readonly records: number
}

/**
 * One client: produces with acks=all, four sends of 500 records in flight, or reads and touches everything. Both return
 * when the clock is to start (`performance.now()`): at the first send or the first record, as joining a group says nothing
 * about a client's speed.
 */
export interface SdkClient {
  readonly produce: (workload: Workload) => Promise<number>
  readonly consume: (workload: Workload) => Promise<number>
}

export const RECORDS_PER_SEND = 500
export const SENDS_IN_FLIGHT = 4

export const KEY = Buffer.from('key-0001')

/** Calls `send` for all records, so many at a time. Returns when it began. */
export async function inFlight(records: number, send: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  let left = Math.ceil(records / RECORDS_PER_SEND)
  const worker = async (): Promise<void> => {
    while (left-- > 0) await send()
  }
  await Promise.all(Array.from({ length: SENDS_IN_FLIGHT }, worker))
  return begun
}

/** Adds up what a consumer looked at, so that nothing of it can be skipped. */
export class Touched {
  records = 0
  #sum = 0
  #firstAt = 0

  add(keyLength: number, valueLength: number, timestamp: number): void {
    if (this.records === 0) this.#firstAt = performance.now()
    this.records++
    this.#sum += keyLength + valueLength + (timestamp > 0 ? 1 : 0)
  }

  /** Throws unless every record was there and whole. Returns when the first one came. */
  check({ records, recordBytes }: Workload): number {
    const expected = this.records * (KEY.length + recordBytes + 1)
    if (this.records < records || this.#sum !== expected) {
      throw new Error(`${this.records} of ${records} records read, sum ${this.#sum} of ${expected}`)
    }
    return this.#firstAt
  }
}
