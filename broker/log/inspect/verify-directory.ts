import type { Disk } from '../../ports/disk.ts'
import * as checkpoint from '../offset-checkpoint.ts'
import { SETTLED_FILE } from '../settled-logs.ts'
import { checkBatchFile } from './check-batch-file.ts'
import { type ClusterTopic, METADATA_PARTITION, METADATA_TOPIC_ID, readClusterTopics } from './cluster-topics.ts'
import { NO_FACTS, type PartitionFacts } from './durable-bounds.ts'
import { type Finding, Findings, START_ADVICE } from './finding.ts'
import { kindOf, PARTITION_NAME } from './partition-files.ts'
import { type PartitionReport, type VerifyOptions, verifyPartition } from './verify-partition.ts'

const META_FILE = 'meta.properties'
export const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'
const CLEANER_FILE = 'cleaner-offset-checkpoint'
const ALWAYS_COMPACTED = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])
const OTHER_FILES = /^(\.lock(\..*)?|bootstrap\.checkpoint|lost\+found)$/
/** Kafka's: the first records of its metadata log. */
const BOOTSTRAP_FILE = 'bootstrap.checkpoint'

const CHECKPOINT_FILES = [
  checkpoint.RECOVERY_POINT_FILE,
  checkpoint.LOG_START_FILE,
  checkpoint.HIGH_WATERMARK_FILE,
  CLEANER_FILE,
] as const

/** What a data directory says about all its partitions. */
export interface DataDirFacts {
  readonly path: string
  readonly cleanShutdown: boolean
  /** Names of the partition directories. */
  readonly partitions: readonly string[]
  readonly topics: ReadonlyMap<string, ClusterTopic>
  /** By file name; null when the file is damaged. */
  readonly checkpoints: ReadonlyMap<string, ReadonlyMap<string, number> | null>
}

export interface DirectoryReport {
  readonly path: string
  /** Of the directory itself; those of its partitions are in `partitions`. */
  readonly findings: readonly Finding[]
  readonly partitions: readonly PartitionReport[]
}

/** A path that is neither a data directory nor a partition's. */
export class NotALogDirectoryError extends Error {
  readonly code = 'FOREIGN'

  constructor(path: string) {
    super(`${path} is neither a data directory nor that of a partition: it has no meta.properties and no .log file`)
    this.name = 'NotALogDirectoryError'
  }
}

/**
 * Verifies a data directory with all its partitions, or one partition, of Millrace or of Apache Kafka. Reads only. Throws
 * `NotALogDirectoryError` for any other directory, and the system's error for what cannot be read.
 */
export function verifyDirectory(disk: Disk, path: string, options: VerifyOptions = {}): DirectoryReport {
  const kind = kindOf(disk, path)
  if (kind === null) throw new NotALogDirectoryError(path)
  if (kind === 'partition') {
    return { path, findings: [], partitions: [verifyPartition(disk, path, factsBeside(disk, path), options)] }
  }
  const facts = readDataDir(disk, path)
  const partitions = facts.partitions.map((name) =>
    verifyPartition(disk, `${path}/${name}`, factsOf(facts, name), options),
  )
  return { path, findings: checkDataDir(disk, facts, partitions), partitions }
}

export function readDataDir(disk: Disk, path: string): DataDirFacts {
  const found = disk.listSync(path)
  const checkpoints = new Map<string, Map<string, number> | null>()
  for (const name of CHECKPOINT_FILES) {
    if (!found.includes(name)) continue
    const data = disk.readFileSync(`${path}/${name}`)
    // Kafka makes the files empty and fills them a minute later.
    checkpoints.set(name, data.length === 0 ? new Map() : checkpoint.parseOffsets(data))
  }
  return {
    path,
    cleanShutdown: found.includes(CLEAN_SHUTDOWN_FILE),
    partitions: found.filter((name) => PARTITION_NAME.test(name)),
    topics: readClusterTopics(disk, path),
    checkpoints,
  }
}

/** What is known of one of its partitions. */
export function factsOf(dir: DataDirFacts, name: string): PartitionFacts {
  const topic = name.slice(0, name.lastIndexOf('-'))
  const offset = (file: string) => dir.checkpoints.get(file)?.get(name) ?? -1
  const known = dir.topics.get(topic)
  const isCleaned = dir.checkpoints.get(CLEANER_FILE)?.has(name) === true
  return {
    cleanShutdown: dir.cleanShutdown,
    recoveryPoint: name === METADATA_PARTITION ? -1 : offset(checkpoint.RECOVERY_POINT_FILE),
    logStartOffset: offset(checkpoint.LOG_START_FILE),
    highWatermark: offset(checkpoint.HIGH_WATERMARK_FILE),
    isCompacted: isCleaned || ALWAYS_COMPACTED.has(topic) || known?.isCompacted === true,
    topicIds: name === METADATA_PARTITION ? [METADATA_TOPIC_ID] : (known?.ids ?? []),
  }
}

/** For a partition directory given by itself: its data directory is the one around it, if that is one. */
export function factsBeside(disk: Disk, directory: string): PartitionFacts {
  const cut = directory.lastIndexOf('/')
  const parent = cut > 0 ? directory.slice(0, cut) : '.'
  if (!disk.existsSync(`${parent}/${META_FILE}`)) return NO_FACTS
  return factsOf(readDataDir(disk, parent), directory.slice(cut + 1))
}

function checkDataDir(disk: Disk, dir: DataDirFacts, partitions: readonly PartitionReport[]): Finding[] {
  const findings = new Findings()
  checkMeta(disk, dir, findings)
  checkMarker(disk, dir, findings)
  for (const [name, offsets] of dir.checkpoints) checkCheckpoint(disk, dir, name, offsets, findings)
  checkNames(disk, dir, findings)
  if (disk.existsSync(`${dir.path}/${BOOTSTRAP_FILE}`)) checkBatchFile(disk, `${dir.path}/${BOOTSTRAP_FILE}`, findings)
  checkTopicIds(partitions, findings)
  return findings.close()
}

function checkMeta(disk: Disk, dir: DataDirFacts, findings: Findings): void {
  const path = `${dir.path}/${META_FILE}`
  const advice = 'write it anew with the ids of the cluster: without it no broker starts here'
  if (!disk.existsSync(path)) return findings.add('error', path, -1, 'the file is missing', advice)
  const text = disk.readFileSync(path).toString('utf8')
  const wanted = [/^version=1$/m, /^cluster\.id=[\w-]+$/m, /^node\.id=\d+$/m, /^directory\.id=[\w-]{22}$/m]
  const missing = wanted.find((line) => !line.test(text.replaceAll('\r', '')))
  if (missing === undefined) return
  const name = missing.source.replace(/^\^|=.*$/g, '').replaceAll('\\', '')
  findings.add('error', path, -1, `${name} is missing or not readable`, advice)
}

function checkMarker(disk: Disk, dir: DataDirFacts, findings: Findings): void {
  if (!dir.cleanShutdown) return
  const path = `${dir.path}/${CLEAN_SHUTDOWN_FILE}`
  const text = disk.readFileSync(path).toString('latin1')
  if (/^\s*\{\s*"version"\s*:\s*0\s*,\s*"brokerEpoch"\s*:\s*-?\d+\s*\}\s*$/.test(text)) return
  const advice = 'remove it if the last stop was not clean: the next start then reads the logs'
  findings.add(
    'warning',
    path,
    -1,
    'the content is damaged; being there, it still says that the stop was clean',
    advice,
  )
}

function checkCheckpoint(
  disk: Disk,
  dir: DataDirFacts,
  name: string,
  offsets: ReadonlyMap<string, number> | null,
  findings: Findings,
): void {
  const path = `${dir.path}/${name}`
  if (offsets === null) {
    const isStart = name === checkpoint.LOG_START_FILE
    const effect = isStart ? 'records that had been deleted come back' : 'the next start reads more than it must'
    return findings.add('warning', path, -1, `the file is damaged: ${effect}`, START_ADVICE)
  }
  if (disk.sizeSync(path) === 0) findings.add('note', path, -1, 'nothing has been noted in it yet', 'nothing')
  for (const partition of offsets.keys()) {
    if (dir.partitions.includes(partition)) continue
    findings.add('note', path, -1, `it names ${partition}, of which there is no directory`, 'nothing')
  }
}

const LEAVING = /-(delete|stray|future)$/

function checkNames(disk: Disk, dir: DataDirFacts, findings: Findings): void {
  const known = new Set<string>([...CHECKPOINT_FILES, META_FILE, CLEAN_SHUTDOWN_FILE, SETTLED_FILE, ...dir.partitions])
  for (const name of disk.listSync(dir.path)) {
    if (known.has(name) || OTHER_FILES.test(name)) continue
    const kind = LEAVING.exec(name)?.[1]
    const what =
      kind === undefined
        ? 'not a part of a data directory'
        : `a partition set aside (${kind}): ${kind === 'delete' ? 'to be removed' : 'no broker serves it'}`
    findings.add(
      'note',
      `${dir.path}/${name}`,
      -1,
      what,
      kind === 'stray' ? 'remove it once nobody misses it' : 'nothing',
    )
  }
}

/** Partitions of one topic have one id, and no two topics share one. */
function checkTopicIds(partitions: readonly PartitionReport[], findings: Findings): void {
  const byTopic = new Map<string, PartitionReport>()
  const byId = new Map<string, string>()
  for (const report of partitions) {
    if (report.topicId === null) continue
    const name = report.directory.slice(report.directory.lastIndexOf('/') + 1)
    const topic = name.slice(0, name.lastIndexOf('-'))
    const first = byTopic.get(topic)
    const file = `${report.directory}/partition.metadata`
    const advice = 'find out which of them belongs to the topic; `millrace log repair` does not decide that'
    if (first !== undefined && first.topicId !== report.topicId) {
      findings.add('error', file, -1, `topic id ${report.topicId}, but ${first.directory} has ${first.topicId}`, advice)
    }
    const other = byId.get(report.topicId)
    if (other !== undefined && other !== topic) {
      findings.add('error', file, -1, `topic id ${report.topicId} is that of topic ${other}`, advice)
    }
    byTopic.set(topic, first ?? report)
    byId.set(report.topicId, other ?? topic)
  }
}

/** How many findings there are of each severity, over a whole report. */
export function countFindings(report: DirectoryReport): Record<Finding['severity'], number> {
  const counts = { error: 0, warning: 0, note: 0 }
  for (const { severity } of allFindings(report)) counts[severity]++
  return counts
}

export function allFindings(report: DirectoryReport): readonly Finding[] {
  return [...report.findings, ...report.partitions.flatMap((partition) => partition.findings)]
}
