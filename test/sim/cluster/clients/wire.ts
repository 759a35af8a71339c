/** A client's connection to one broker: requests out, answers back in order, nothing retried. */
import type { Api } from '../../../../proto/kafka/api.ts'
import { FrameSplitter, frameRequest } from '../../../../proto/kafka/frame.ts'
import { readResponseHeader } from '../../../../proto/kafka/header.ts'
import { Reader } from '../../../../proto/kafka/reader.ts'
import type { Connection, Network } from '../../../../broker/ports/network.ts'
import type { SimProcess } from '../../../../testing/sim/index.ts'
import { must } from '../../log/violation.ts'

/** `unsent`: it never left. `unknown`: it left, and what became of it cannot be known. */
export type NoAnswer = 'unsent' | 'unknown'

export type Answered<Res> = (response: Res | null, why: NoAnswer | null) => void

const FRAME_BYTES_MAX = 64 * 1024 * 1024
const CONNECT_TIMEOUT_MS = 2_000

interface Exchange {
  readonly correlationId: number
  readonly deadlineMs: number
  receive(frame: Buffer): void
  fail(why: NoAnswer): void
}

export class WireConnection {
  readonly #process: SimProcess
  readonly #network: Network
  readonly #address: { readonly host: string; readonly port: number }
  #connection: Connection | null = null
  #isConnecting = false
  #unsent: { readonly frame: Buffer[]; readonly exchange: Exchange | null }[] = []
  #inFlight: Exchange[] = []
  #correlationId = 0
  #isTimed = false

  constructor(process: SimProcess, network: Network, address: { readonly host: string; readonly port: number }) {
    this.#process = process
    this.#network = network
    this.#address = address
  }

  /** `done` is called once: with the answer, or with why there is none. Without `done` no answer is expected. */
  request<Req, Res>(
    api: Api<Req, Res>,
    version: number,
    message: Req,
    timeoutMs: number,
    done: Answered<Res> | null,
  ): void {
    const correlationId = ++this.#correlationId
    const frame = frameRequest(api, version, correlationId, this.#process.name, message)
    const exchange: Exchange | null = done && {
      correlationId,
      deadlineMs: this.#process.clock.monotonic() + timeoutMs,
      receive: (answer) => {
        const reader = new Reader(answer)
        readResponseHeader(reader, api, version)
        done(api.readResponse(reader, version), null)
      },
      fail: (why) => done(null, why),
    }
    if (this.#connection === null) {
      this.#unsent.push({ frame, exchange })
      this.#connect()
    } else {
      if (exchange !== null) this.#inFlight.push(exchange)
      this.#connection.write(frame)
    }
    this.#watch()
  }

  close(): void {
    this.#connection?.destroy()
    this.#broke(this.#connection)
  }

  #connect(): void {
    if (this.#isConnecting) return
    this.#isConnecting = true
    this.#network.connect({ ...this.#address, timeoutMs: CONNECT_TIMEOUT_MS }, (_, connection) => {
      this.#isConnecting = false
      if (connection === null) this.#broke(null)
      else this.#connected(connection)
    })
  }

  #connected(connection: Connection): void {
    const splitter = new FrameSplitter(FRAME_BYTES_MAX)
    this.#connection = connection
    connection.handlers = {
      onData: (chunk) => {
        for (const frame of splitter.push(chunk)) if (this.#connection === connection) this.#receive(frame)
      },
      onDrain: () => {},
      onClose: () => this.#broke(connection),
    }
    for (const { frame, exchange } of this.#unsent.splice(0)) {
      if (exchange !== null) this.#inFlight.push(exchange)
      connection.write(frame)
    }
  }

  #receive(frame: Buffer): void {
    const exchange = this.#inFlight.shift()
    must(exchange?.correlationId === frame.readInt32BE(0), 'wire', () => {
      return `${this.#process.name} got answer ${frame.readInt32BE(0)} and waits for ${exchange?.correlationId}`
    })
    exchange?.receive(frame)
  }

  #broke(connection: Connection | null): void {
    if (this.#connection !== connection) return
    this.#connection = null
    const [sent, unsent] = [this.#inFlight.splice(0), this.#unsent.splice(0)]
    for (const exchange of sent) exchange.fail('unknown')
    for (const { exchange } of unsent) exchange?.fail('unsent')
  }

  /** One timer for the oldest request: those behind it have no answer before it. */
  #watch(): void {
    const oldest = this.#inFlight[0] ?? this.#unsent.find(({ exchange }) => exchange !== null)?.exchange
    if (this.#isTimed || oldest === undefined || oldest === null) return
    this.#isTimed = true
    this.#process.clock.after(oldest.deadlineMs - this.#process.clock.monotonic(), () => {
      this.#isTimed = false
      const nowMs = this.#process.clock.monotonic()
      if ((this.#inFlight[0]?.deadlineMs ?? Number.POSITIVE_INFINITY) <= nowMs) this.close()
      this.#watch()
    })
  }
}
