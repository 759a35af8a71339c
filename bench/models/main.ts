/** What scoring a reading and coding it cost, without a broker. */
import { heading, row } from '../support/report.ts'
import { benchScoring } from './scoring.ts'
import { benchTelemetryCodec } from './telemetry.ts'

export function benchModels(): void {
  heading('Models')
  row('scoring of 38 metrics', { ...benchScoring() })
  row('coding of 38 metrics', { ...benchTelemetryCodec() })
}
