/** What every client is asked to do, and what it reports: the same in each client's own file. */

export interface Workload {
  readonly bootstrap: string
  readonly topic: string
  /** Bytes of a value; keys have eight. */
  readonly recordBytes: number
  readonly records: number
}

/** One client: produces with acks=all, four sends of 500 records in flight, or reads and touches everything. */
export interface SdkClient {
  readonly produce: (workload: Workload) => Promise<void>
  readonly consume: (workload: Workload) => Promise<void>
}

export const RECORDS_PER_SEND = 500
export const SENDS_IN_FLIGHT = 4

export const KEY = Buffer.from('key-0001')

/** Calls `send` for all records, so many at a time. */
export async function inFlight(records: number, send: () => Promise<unknown>): Promise<void> {
  let left = Math.ceil(records / RECORDS_PER_SEND)
  const worker = async (): Promise<void> => {
    while (left-- > 0) await send()
  }
  await Promise.all(Array.from({ length: SENDS_IN_FLIGHT }, worker))
}

/** Adds up what a consumer looked at, so that nothing of it can be skipped. */
export class Touched {
  records = 0
  #sum = 0

  add(keyLength: number, valueLength: number, timestamp: number): void {
    this.records++
    this.#sum += keyLength + valueLength + (timestamp > 0 ? 1 : 0)
  }

  /** Throws unless every record was there and whole. */
  check({ records, recordBytes }: Workload): void {
    const expected = this.records * (KEY.length + recordBytes + 1)
    if (this.records < records || this.#sum !== expected) {
      throw new Error(`${this.records} of ${records} records read, sum ${this.#sum} of ${expected}`)
    }
  }
}
