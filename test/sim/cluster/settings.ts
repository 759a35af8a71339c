/** What a seed draws before its world begins: how large it is, how its network and clients are, and which faults it has. */
import type { Durability } from '../../../broker/config.ts'
import type { DiskFaultKind, LinkProfile, SeededRandom } from '../../../testing/sim/index.ts'
import { aimedFaultNames } from './aimed.ts'

/** What may befall a cluster. */
export const faultNames = [
  'kill',
  'kill-all',
  'die-in-call',
  'power-cut',
  'power-cut-all',
  'pause',
  'stop',
  'isolate',
  'isolate-inbound',
  'isolate-outbound',
  'cut-pair',
  'cut-one-way',
  'stall',
  'slow-link',
  'reset',
  'refuse',
  'slow-disk',
  'disk-full',
  'disk-error',
  'clock-jump',
  ...aimedFaultNames,
] as const

export type FaultName = (typeof faultNames)[number]

export interface ProducerSettings {
  readonly isIdempotent: boolean
  readonly acks: number
  readonly intervalMs: number
  readonly batchRecords: number
  readonly valueBytes: number
  readonly inFlightMax: number
}

export interface Settings {
  readonly brokers: number
  readonly durability: Durability
  readonly topics: readonly { readonly name: string; readonly partitions: number; readonly replicationFactor: number }[]
  readonly minInsync: number
  readonly producers: readonly ProducerSettings[]
  readonly consumers: number
  /** Of a consumer group. */
  readonly members: number
  /** Pause between two works of an operator (ms), on average; 0 = there is none. */
  readonly operatorIntervalMs: number
  /** Pause between two changes of who votes in the quorum (ms), on average; 0 = none changes. */
  readonly voterIntervalMs: number
  readonly faults: readonly FaultName[]
  /** Pause between two faults (ms), on average. */
  readonly faultIntervalMs: number
  /** Longest that a fault lasts (ms). */
  readonly faultMsMax: number
  readonly diskFaults: ReadonlyMap<DiskFaultKind, number>
  readonly clockSkewMs: number
  readonly clockDrift: number
  readonly safetyMs: number
  readonly properties: Readonly<Record<string, string | number | boolean>>
  readonly links: LinkProfile
  /** Each broker has a rack of its own, and consumers read from the replica in theirs (KIP-392). */
  readonly racks: boolean
}

/** What only a disk that keeps its promise to sync makes harmless. */
const NEEDS_FSYNC: ReadonlySet<FaultName> = new Set(['power-cut', 'power-cut-all', 'disk-error'])

export function drawSettings(random: SeededRandom): Settings {
  const brokers = random.pick([1, 3, 3, 3, 3, 3, 3, 3, 5])
  const durability = random.chance(0.75) ? 'fsync' : 'page-cache'
  const faults = faultNames.filter((name) => random.chance(0.4) && (durability === 'fsync' || !NEEDS_FSYNC.has(name)))
  return {
    brokers,
    durability,
    topics: drawTopics(random, brokers),
    minInsync: brokers === 1 ? 1 : random.pick([1, 2, 2, 2, 2]),
    producers: drawProducers(random),
    consumers: random.between(1, 2),
    members: random.pick([0, 1, 2, 3]),
    operatorIntervalMs: random.pick([0, 0, 1_000, 5_000]),
    faults,
    faultIntervalMs: random.pick([500, 1_500, 4_000]),
    faultMsMax: random.pick([500, 3_000, 8_000]),
    diskFaults: new Map(random.chance(0.3) ? [['slow-sync', 0.01]] : []),
    clockSkewMs: random.pick([0, 100, 60_000]),
    clockDrift: random.pick([0, 0, 0.0001, 0.02]),
    safetyMs: random.between(10, 40) * 1_000,
    properties: drawProperties(random),
    links: drawLinks(random),
    racks: random.chance(0.3),
    voterIntervalMs: brokers === 1 ? 0 : random.pick([0, 0, 0, 2_000, 6_000]),
  }
}

function drawTopics(random: SeededRandom, brokers: number): Settings['topics'] {
  return Array.from({ length: random.between(1, 2) }, (_, index) => ({
    name: `t${index + 1}`,
    partitions: random.between(1, 3),
    replicationFactor: brokers === 1 ? 1 : random.pick([3, 3, 3, 3, 2, brokers]),
  }))
}

/**
 * The first one makes the bulk of the records, in large batches; the others make the variety: some press, some let the
 * cluster come to rest between two batches.
 */
function drawProducers(random: SeededRandom): ProducerSettings[] {
  return Array.from({ length: random.between(2, 4) }, (_, index) => {
    const isIdempotent = index === 0 || random.chance(0.6)
    const batchRecords = random.pick(index === 0 ? [200, 400, 800] : [1, 10, 40, 80])
    const intervalMs = index === 0 ? batchRecords * 0.8 : random.pick([100, 300, 1_000])
    return {
      isIdempotent,
      acks: isIdempotent ? -1 : random.pick([-1, -1, 1, 0]),
      intervalMs,
      batchRecords,
      valueBytes: random.pick([8, 20, 100]),
      inFlightMax: random.pick([1, 2, 5]),
    }
  })
}

function drawProperties(random: SeededRandom): Settings['properties'] {
  return {
    'log.cleaner.enable': false,
    'log.segment.bytes': random.pick([1_048_576, 1_048_576, 1_073_741_824]),
    'log.roll.ms': random.pick([1_000, 5_000, 600_000]),
    'log.segment.delete.delay.ms': random.pick([100, 5_000]),
    'log.retention.check.interval.ms': random.pick([500, 300_000]),
    'offsets.topic.num.partitions': 3,
    'group.initial.rebalance.delay.ms': 0,
    // Short ones make elections that nobody wins.
    'controller.quorum.election.timeout.ms': random.pick([1_000, 1_000, 200, 30]),
    'controller.quorum.fetch.timeout.ms': random.pick([2_000, 2_000, 500]),
    'metadata.log.max.record.bytes.between.snapshots': random.pick([500, 3_000, 20_971_520]),
    'replica.lag.time.max.ms': random.pick([2_000, 10_000]),
    'replica.fetch.max.bytes': random.pick([20_000, 1_048_576]),
  }
}

function drawLinks(random: SeededRandom): LinkProfile {
  return {
    delayMs: random.pick([0.1, 0.1, 1, 10]),
    jitterMs: random.pick([0.2, 1, 20]),
    bytesPerMs: random.pick([100_000, 100_000, 1_000]),
    splitChance: random.pick([0, 0.02, 0.2]),
  }
}
