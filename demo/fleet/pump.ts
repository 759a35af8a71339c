import type { Client } from '../../client/client.ts'
import { pause } from '../pause.ts'
import { Random } from '../random.ts'
import { offsetsOf } from '../read-range.ts'
import { Commands, METRICS, Telemetry, TelemetryBytes } from '../topics.ts'
import { type Device, MINUTE_MS } from './device.ts'

export interface PumpOptions {
  readonly client: Client
  readonly devices: readonly Device[]
  /** Readings per second of the wall clock, all devices together. */
  readonly rate: number
  /** Event time of the first readings. */
  readonly startMs: number
  readonly seed: number
  readonly signal: AbortSignal
}

/** How often readings are made, ms: short enough to be smooth, long enough to batch. */
const PULSE_MS = 10
/** After a stall the fleet catches up this much, and lets the rest go: devices do not send their past. */
const MAX_CATCH_UP_MS = 500
/** How often the fleet makes sure that the log has taken what it sent. */
const FLUSH_MS = 1_000
/** Telemetry that the log does not take within this time ends the demo. */
const DELIVERY_MS = 10_000
/** The devices' clock begins here in an empty log: minutes pass many times a second, and brokers refuse the future. */
const EPOCH_MS = Date.UTC(2001, 0, 1)
/** One reading in so many is cut off on its way, as radio links do: it must be counted as rejected, and nothing else. */
const BROKEN_ONE_IN = 20_000

/**
 * The fleet on the network: all devices read once per simulated minute, at the pace that gives the rate asked for (no
 * further than the present), and obey the commands of their topic.
 */
export class FleetPump {
  /** Readings sent, broken ones included. */
  sent = 0
  broken = 0
  /** Event time of the first and of the newest readings. */
  readonly startedAtMs: number
  nowMs: number
  readonly #options: PumpOptions
  readonly #byName: ReadonlyMap<string, Device>
  readonly #random: Random
  readonly #sequence: Uint32Array
  readonly #values = new Float32Array(METRICS)

  constructor(options: PumpOptions) {
    this.#options = options
    this.startedAtMs = options.startMs
    this.nowMs = options.startMs - MINUTE_MS
    this.#byName = new Map(options.devices.map((device) => [device.name, device]))
    this.#random = new Random(options.seed)
    this.#sequence = new Uint32Array(options.devices.length)
  }

  /** Sends until the signal fires; then everything sent is acknowledged. Rejects when the log does not take it. */
  async run(): Promise<void> {
    const { client, devices, rate, signal } = this.#options
    const msPerRound = (1_000 * devices.length) / rate
    await using producer = client.producer({ lingerMs: 5, batchBytes: 256 * 1024, deliveryTimeoutMs: DELIVERY_MS })
    let due = performance.now()
    let flushAt = due + FLUSH_MS
    while (!signal.aborted) {
      const now = performance.now()
      due = Math.max(due, now - MAX_CATCH_UP_MS)
      for (; due <= now && !signal.aborted && this.nowMs + MINUTE_MS <= Date.now(); due += msPerRound) {
        for (const bytes of this.#round()) {
          const full = producer.write(TelemetryBytes, bytes)
          if (full !== undefined) await full
        }
      }
      if (now >= flushAt) {
        await producer.flush()
        flushAt = now + FLUSH_MS
      }
      await pause(Math.max(1, Math.min(PULSE_MS, due - performance.now())), signal).catch(() => undefined)
    }
    await producer.flush()
  }

  /** Obeys commands until the signal fires. `ready` is called once no new command can be missed. */
  async obey(ready: () => void): Promise<void> {
    const { client, signal } = this.#options
    await using admin = client.admin()
    const end = await offsetsOf(admin, Commands.name, 'latest', signal)
    const assign = end.map((offset, partition) => ({ topic: Commands.name, partition, offset }))
    await using consumer = client.consumer({ topics: [Commands], assign, maxWaitMs: 100 })
    ready()
    try {
      for await (const record of consumer.records({ signal })) {
        const { value } = record
        if (value !== null) this.#byName.get(value.device)?.obey(value.action, value.number)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** One minute of the whole fleet: the records of all devices that are not silent. */
  *#round(): Generator<{ key: string; value: Uint8Array; timestamp: number }> {
    const { devices } = this.#options
    this.nowMs += MINUTE_MS
    const timestamp = this.nowMs
    for (let i = 0; i < devices.length; i++) {
      const device = devices[i]!
      if (!device.read(timestamp, this.#values)) continue
      const sentAtMs = performance.timeOrigin + performance.now()
      let value = Telemetry.value.encode({ sentAtMs, sequence: ++this.#sequence[i]!, values: this.#values })
      if (this.#random.below(BROKEN_ONE_IN) === 0) {
        value = value.subarray(0, value.length >> 1)
        this.broken++
      }
      this.sent++
      yield { key: device.name, value, timestamp }
    }
  }
}

/** Where the fleet's clock goes on: after the newest reading in the log, so that event time never runs backwards across runs. */
export async function fleetClock(client: Client, signal: AbortSignal): Promise<number> {
  await using admin = client.admin()
  const [description] = await admin.describeTopics([Telemetry.name], { signal })
  const partitions = (description?.partitions ?? []).map(({ partition }) => ({ topic: Telemetry.name, partition }))
  const newest = await admin.listOffsets(partitions, 'max-timestamp', { signal })
  const last = newest.reduce((max, { timestamp }) => Math.max(max, timestamp), -1)
  return last < 0 ? EPOCH_MS : Math.ceil((last + 1) / MINUTE_MS) * MINUTE_MS
}
