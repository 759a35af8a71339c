import type { Admin, NewTopic } from '../client/admin/types.ts'
import { MillraceError } from '../client/errors.ts'
import { bytes, string } from '../client/serde/text.ts'
import { topic } from '../client/topic.ts'
import { modelSerde } from '../processor/model-serde.ts'
import { anomalySerde, commandSerde, scoreSerde, sessionSerde } from './messages.ts'
import { telemetrySerde } from './telemetry.ts'

/** Metrics of the bundled recording, and so of every reading. */
export const METRICS = 38

/** The topics of the demo. Keys are device names, but for models: there it is the model's name. */
export const Telemetry = topic('telemetry', { key: string, value: telemetrySerde(METRICS) })
/** The same records as bytes: for readers that decode few of them, and for a fleet that also sends broken ones. */
export const TelemetryBytes = topic('telemetry', { key: string, value: bytes })
export const Models = topic('models', { key: string, value: modelSerde })
export const Scores = topic('scores', { key: string, value: scoreSerde })
export const Anomalies = topic('anomalies', { key: string, value: anomalySerde })
/** What a plain max-|z| detector would have reported on the same records: for comparison only, nobody acts on it. */
export const BaselineAnomalies = topic('baseline-anomalies', { key: string, value: anomalySerde })
export const Commands = topic('device-commands', { key: string, value: commandSerde })
export const Sessions = topic('device-sessions', { key: string, value: sessionSerde })

/** Partitions of every topic keyed by device: what shares state must be partitioned alike. */
const PARTITIONS = 6
const COMPACTED = { 'cleanup.policy': 'compact' }
/** Event time is simulated, so that age says nothing: size alone bounds these topics. Bytes, per partition. */
const bounded = (bytes: number): Record<string, string> => ({
  'retention.ms': '-1',
  'retention.bytes': String(bytes),
  'segment.bytes': String(bytes / 4),
})
const LARGE = bounded(256 * 1024 * 1024)
const SMALL = bounded(32 * 1024 * 1024)

/** Creates the topics that are missing; existing ones stay as they are. */
export async function createTopics(admin: Admin, signal: AbortSignal): Promise<void> {
  const wanted: NewTopic[] = [
    { name: Telemetry.name, partitions: PARTITIONS, configs: LARGE },
    { name: Models.name, partitions: 1, configs: COMPACTED },
    { name: Scores.name, partitions: PARTITIONS, configs: SMALL },
    { name: Anomalies.name, partitions: PARTITIONS, configs: SMALL },
    { name: BaselineAnomalies.name, partitions: PARTITIONS, configs: SMALL },
    { name: Commands.name, partitions: PARTITIONS, configs: SMALL },
    { name: Sessions.name, partitions: PARTITIONS, configs: COMPACTED },
  ]
  const existing = new Set((await admin.listTopics({ signal })).map((listing) => listing.name))
  for (const missing of wanted.filter(({ name }) => !existing.has(name))) {
    try {
      await admin.createTopics([missing], { signal })
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === 'TOPIC_ALREADY_EXISTS')) throw error
    }
  }
}
