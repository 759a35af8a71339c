/** What a seed draws before its world begins: sizes, ceilings, and which faults and habits it has (swarm testing). */
import { defaultLogConfig, type Durability, type LogConfig } from '../../../broker/log/config.ts'
import { type DiskFaultKind, diskFaultKinds, type SeededRandom } from '../../../testing/sim/index.ts'

export type ActionName =
  | 'produce'
  | 'flush'
  | 'sync'
  | 'wait'
  | 'read'
  | 'read-time'
  | 'high-watermark'
  | 'delete-records'
  | 'retention'
  | 'truncate'
  | 'new-epoch'
  | 'config'
  | 'tick'
  | 'stop'
  | 'stop-in-weather'
  | 'kill'
  | 'power-cut'
  | 'die-in-call'
  | 'clock-jump'
  | 'full'
  | 'damage'
  | 'old-copy'
  | 'clean'
  | 'cut-short'

export interface Settings {
  readonly logs: number
  readonly steps: number
  readonly durability: Durability
  readonly tailCacheBytes: number
  readonly maxOpenFiles: number
  readonly maxSyncsInFlight: number
  readonly isCompacted: boolean
  readonly isRestless: boolean
  readonly config: LogConfig
  readonly valueBytesMax: number
  readonly faults: ReadonlyMap<DiskFaultKind, number>
  readonly weights: Readonly<Record<ActionName, number>>
}

const CHANCE: Readonly<Record<DiskFaultKind, number>> = {
  'eio-write': 0.004,
  'eio-sync': 0.04,
  'eio-read': 0.004,
  'eio-open': 0.01,
  'eio-rename': 0.02,
  emfile: 0.01,
  'short-write': 0.015,
  'slow-sync': 0.1,
}

/** What makes many short histories, one cut off by the next: where two meet is where recovery goes wrong. */
const RESTLESS: Partial<Record<ActionName, number>> = {
  truncate: 10,
  retention: 5,
  tick: 6,
  stop: 3,
  'stop-in-weather': 5,
  kill: 2,
  'power-cut': 7,
  damage: 2,
  'cut-short': 6,
}

/** A third of the seeds have a disk without faults: there, everything must go well, and crashes are all that happens. */
export function drawSettings(random: SeededRandom): Settings {
  const isQuiet = random.chance(0.35)
  const faults = new Map<DiskFaultKind, number>()
  for (const kind of diskFaultKinds) {
    if (kind === 'slow-sync' || (!isQuiet && random.chance(0.3))) faults.set(kind, CHANCE[kind])
  }
  const isCompacted = random.chance(0.3)
  const isRestless = random.chance(0.4)
  return {
    logs: random.between(1, 3),
    steps: random.between(60, 160),
    durability: random.chance(0.8) ? 'fsync' : 'page-cache',
    tailCacheBytes: random.pick([0, 0, 2_000, 20_000, 1_000_000]),
    maxOpenFiles: random.pick([3, 6, 16]),
    maxSyncsInFlight: random.between(1, 3),
    isCompacted,
    isRestless,
    config: drawConfig(random, isCompacted, isRestless),
    valueBytesMax: random.pick(isRestless ? [5, 60, 300] : [5, 60, 300, 1_200]),
    faults,
    weights: { ...drawWeights(random, isQuiet, isCompacted), ...(isRestless ? RESTLESS : {}) },
  }
}

export function drawConfig(random: SeededRandom, isCompacted: boolean, isRestless: boolean): LogConfig {
  const config: LogConfig = {
    ...defaultLogConfig,
    segmentBytes: random.pick(isRestless ? [600, 1_500] : [1_500, 3_000, 8_000, 40_000]),
    indexIntervalBytes: random.pick([0, 100, 400, 2_000]),
    segmentMs: random.chance(0.2) ? 5_000 : defaultLogConfig.segmentMs,
    retentionBytes: random.chance(0.4) ? random.pick(isRestless ? [0, 1_000] : [0, 4_000, 12_000]) : -1,
    retentionMs: random.chance(0.3) ? random.pick([1_000, 60_000]) : defaultLogConfig.retentionMs,
    messageTimestampType: random.chance(0.15) ? 'LogAppendTime' : 'CreateTime',
    fileDeleteDelayMs: random.pick([0, 60_000]),
  }
  if (!isCompacted) return config
  return {
    ...config,
    // Only what is not in the last segment is cleaned.
    segmentBytes: random.pick(isRestless ? [600, 1_500] : [1_500, 3_000]),
    cleanupPolicy: { compact: true, delete: random.chance(0.4) },
    minCleanableDirtyRatio: random.pick([0, 0.3]),
    deleteRetentionMs: random.pick([0, 5_000, defaultLogConfig.deleteRetentionMs]),
  }
}

function drawWeights(random: SeededRandom, isQuiet: boolean, isCompacted: boolean): Record<ActionName, number> {
  const sometimes = (weight: number): number => (random.chance(0.5) ? weight : 0)
  return {
    produce: 40,
    flush: 12,
    sync: 12,
    wait: 25,
    read: 8,
    'read-time': 5,
    'high-watermark': 10,
    'delete-records': sometimes(3),
    retention: sometimes(3),
    truncate: sometimes(5),
    'new-epoch': sometimes(3),
    config: sometimes(2),
    tick: sometimes(4),
    stop: sometimes(2),
    'stop-in-weather': sometimes(5),
    kill: sometimes(2),
    'power-cut': sometimes(3),
    'die-in-call': sometimes(4),
    'clock-jump': sometimes(2),
    full: isQuiet ? 0 : sometimes(3),
    damage: sometimes(1),
    'old-copy': sometimes(1),
    clean: isCompacted ? 10 : 0,
    'cut-short': 0,
  }
}
