/** Members of a quorum on real logs, each with its own memory disk, joined by a network that takes a millisecond. */
import { QuorumMember } from '../../../broker/consensus/quorum-member.ts'
import { SnapshotEncoder, snapshotName, type Snapshot } from '../../../broker/consensus/snapshot-file.ts'
import { openMetadataLog } from '../../../broker/controller/open-metadata-log.ts'
import type { Log } from '../../../broker/log/log.ts'
import type { Durability } from '../../../broker/log/config.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { createLogShared } from '../../../broker/log/shared.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { decodeMetadataRecord } from '../../../proto/cluster.ts'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { seededRandom, TestClock } from '../controller/harness.ts'
import { endpointsOf, timeouts } from './simulation.ts'

interface Running {
  readonly member: QuorumMember
  readonly logs: LogManager
  readonly log: Log
}

export function batchOf(...values: string[]): Buffer {
  return encodeBatch(values.map((value) => ({ key: null, value, timestamp: 0 })))
}

export class Trio {
  readonly clock = new TestClock()
  readonly disks = new Map<number, MemoryDisk>()
  readonly faults = new Map<number, FaultDisk>()
  readonly rolledBack: string[] = []
  readonly noticed: string[] = []
  readonly installed: { readonly id: number; readonly snapshot: Snapshot }[] = []
  readonly running = new Map<number, Running>()
  readonly failures: string[] = []
  cut: (from: number, to: number) => boolean = () => false

  private readonly durability: Durability

  constructor(ids: readonly number[] = [1, 2, 3], durability: Durability = 'fsync') {
    this.durability = durability
    for (const id of ids) {
      const disk = new MemoryDisk((fn) => this.clock.turnEnd(fn))
      this.disks.set(id, disk)
      this.faults.set(id, new FaultDisk(disk))
    }
    for (const id of ids) this.start(id)
  }

  start(id: number): void {
    const disk = this.faults.get(id)?.disk
    if (disk === undefined) throw new Error(`no disk ${id}`)
    const logs = LogManager.open({
      disk,
      path: '/data',
      nodeId: id,
      newClusterId: 'cluster-of-this-test--',
      newDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAg',
      durability: this.durability,
      shared: createLogShared({ maxSyncsInFlight: 2, tailCacheBytes: 1 << 20, maxOpenFiles: 100 }),
    })
    const { log, snapshots } = openMetadataLog(logs, disk, this.clock.now())
    const member = new QuorumMember({
      raft: {
        nodeId: id,
        directoryId: logs.directoryId,
        voters: endpointsOf([...this.disks.keys()]),
        ...timeouts,
      },
      log,
      snapshots,
      disk,
      clock: this.clock,
      random: seededRandom(id * 7919 + this.clock.time),
      send: (to, message) => {
        if (this.cut(id, to)) return
        this.clock.after(1, () => this.running.get(to)?.member.receive(id, message))
      },
      events: {
        committed: () => {},
        leaderChanged: () => {},
        rolledBack: (endOffset) => void this.rolledBack.push(`${id}: ${endOffset}`),
        installed: (snapshot) => void this.installed.push({ id, snapshot }),
        noticed: (problem) => void this.noticed.push(`${id}: ${problem.message}`),
        failed: (error) => void this.failures.push(`${id}: ${error.message}`),
      },
    })
    this.running.set(id, { member, logs, log })
    member.start()
  }

  /** The node writes a snapshot of what it has committed, and trims its log. Returns the path of the file. */
  snapshot(id: number): string {
    const { log } = this.at(id).member
    const endOffset = this.at(id).member.highWatermark
    const snapshotId = { endOffset, epoch: log.log.epochForOffset(endOffset - 1) }
    const file = log.snapshots.create(snapshotId)
    const encoder = new SnapshotEncoder(snapshotId, this.clock.now())
    const records = [{ kind: 'producerIds', brokerId: -1, brokerEpoch: -1, nextProducerId: endOffset }] as const
    for (const batch of encoder.header(log.votersAt(endOffset))) file.append(batch)
    for (const batch of [encoder.records(records), encoder.footer()]) file.append(batch)
    file.finish((error) => {
      if (error !== null) throw error
      log.keep(snapshotId)
    })
    this.clock.settle()
    return `${log.snapshots.directory}/${snapshotName(snapshotId)}`
  }

  /** Writes through the leader until it has committed so many values more. */
  write(leader: number, ...values: readonly string[]): void {
    for (const value of values) this.at(leader).member.append(batchOf(value))
    this.clock.advance(1000)
  }

  kill(id: number): void {
    const { member, logs } = this.at(id)
    member.close()
    logs.abandon()
    this.running.delete(id)
  }

  at(id: number): Running {
    const running = this.running.get(id)
    if (running === undefined) throw new Error(`${id} is down`)
    return running
  }

  leader(): number {
    this.clock.advance(8000)
    return [...this.running].find(([, { member }]) => member.isLeader)?.[0] ?? -1
  }

  values(id: number): string[] {
    const { log } = this.at(id)
    const found: string[] = []
    for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
      const read = log.read(offset, log.logEndOffset, 1 << 20, true)
      for (const batch of decodeBatches(read?.buffers ?? [])) {
        offset = batch.lastOffset + 1
        for (const record of batch.records()) {
          found.push(`${record.offset} ${batch.leaderEpoch} ${textOf(record.value ?? Buffer.alloc(0))}`)
        }
      }
      if (read === null || read.bytes === 0) throw new Error(`offset ${offset} of node ${id} cannot be read at once`)
    }
    return found
  }
}

/** What the members write themselves is made readable; the rest is text. */
function textOf(value: Buffer): string {
  if (value[1] !== value.length - 2) return value.toString()
  const record = decodeMetadataRecord(value)
  if (record.kind === 'leaderChange') return `leader ${record.leaderId}`
  return record.kind === 'voters' ? `voters ${record.voters.map(({ id }) => id).join(' ')}` : record.kind
}
