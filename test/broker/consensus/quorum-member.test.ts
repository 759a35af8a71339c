/** The pump on real logs: three members, each with its own memory disk, joined by a network that takes a millisecond. */
import { describe, expect, it } from 'vitest'
import { QuorumMember } from '../../../broker/consensus/quorum-member.ts'
import { QuorumStateError } from '../../../broker/consensus/quorum-state.ts'
import { metadataLogConfig } from '../../../broker/controller/metadata-log.ts'
import { METADATA_TOPIC, METADATA_TOPIC_ID } from '../../../broker/controller/names.ts'
import type { Log } from '../../../broker/log/log.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { createLogShared } from '../../../broker/log/shared.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { seededRandom, TestClock } from '../controller/harness.ts'

interface Running {
  readonly member: QuorumMember
  readonly logs: LogManager
  readonly log: Log
}

function batchOf(...values: string[]): Buffer {
  return encodeBatch(values.map((value) => ({ key: null, value, timestamp: 0 })))
}

class Trio {
  readonly clock = new TestClock()
  readonly disks = new Map<number, MemoryDisk>()
  readonly faults = new Map<number, FaultDisk>()
  readonly rolledBack: string[] = []
  readonly running = new Map<number, Running>()
  readonly failures: string[] = []
  cut: (from: number, to: number) => boolean = () => false

  constructor(ids: readonly number[] = [1, 2, 3]) {
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
      durability: 'fsync',
      shared: createLogShared({ maxSyncsInFlight: 2, tailCacheBytes: 1 << 20, maxOpenFiles: 100 }),
    })
    const log = logs.openLog(METADATA_TOPIC, 0, METADATA_TOPIC_ID, metadataLogConfig, this.clock.now())
    const member = new QuorumMember({
      raft: {
        nodeId: id,
        voters: [...this.disks.keys()],
        electionTimeoutMs: 1000,
        fetchTimeoutMs: 2000,
        requestTimeoutMs: 500,
        retryBackoffMs: 20,
      },
      log,
      disk,
      clock: this.clock,
      random: seededRandom(id * 7919 + this.clock.time),
      send: (to, message) => {
        if (this.cut(id, to)) return
        this.clock.after(1, () => this.running.get(to)?.member.receive(id, message))
      },
      events: {
        leaderChangeBatch: (leader) => batchOf(`leader ${leader}`),
        committed: () => {},
        leaderChanged: () => {},
        rolledBack: (endOffset) => void this.rolledBack.push(`${id}: ${endOffset}`),
        failed: (error) => void this.failures.push(`${id}: ${error.message}`),
      },
    })
    this.running.set(id, { member, logs, log })
    member.start()
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
    const read = log.read(log.logStartOffset, log.logEndOffset, 1 << 20, true)
    return [...decodeBatches(read?.buffers ?? [])].flatMap((batch) =>
      [...batch.records()].map(({ value, offset }) => `${offset} ${batch.leaderEpoch} ${value?.toString()}`),
    )
  }
}

describe('three members on real logs', () => {
  it('elect, replicate byte for byte and commit', () => {
    const trio = new Trio()
    const leader = trio.leader()
    expect(leader).toBeGreaterThan(0)
    trio.at(leader).member.append(batchOf('a', 'b'))
    trio.at(leader).member.append(batchOf('c'))
    trio.clock.advance(1000)
    const epoch = trio.at(leader).member.epoch
    const expected = [`0 ${epoch} leader ${leader}`, `1 ${epoch} a`, `2 ${epoch} b`, `3 ${epoch} c`]
    for (const id of [1, 2, 3]) {
      expect(trio.values(id)).toEqual(expected)
      expect(trio.at(id).member.highWatermark).toBe(4)
      expect(trio.at(id).log.highWatermark).toBe(4)
    }
    expect(trio.failures).toEqual([])
  })

  it('fail over, cut what the old leader wrote alone, and let it catch up', () => {
    const trio = new Trio()
    const old = trio.leader()
    trio.cut = (from, to) => from === old || to === old
    trio.at(old).member.append(batchOf('orphan'))
    const next = trio.leader()
    expect(next).not.toBe(old)
    trio.at(next).member.append(batchOf('kept'))
    trio.cut = () => false
    trio.clock.advance(8000)
    expect(trio.values(old)).toEqual(trio.values(next))
    expect(trio.values(old).join()).toContain('kept')
    expect(trio.values(old).join()).not.toContain('orphan')
    expect(trio.failures).toEqual([])
  })

  it('remember their votes and their log through a kill of all three', () => {
    const trio = new Trio()
    const first = trio.leader()
    trio.at(first).member.append(batchOf('kept'))
    trio.clock.advance(1000)
    const { epoch } = trio.at(first).member
    for (const id of [1, 2, 3]) trio.kill(id)
    for (const id of [1, 2, 3]) trio.start(id)
    const second = trio.leader()
    expect(trio.at(second).member.epoch).toBeGreaterThan(epoch)
    for (const id of [1, 2, 3]) expect(trio.values(id).join()).toContain('kept')
    expect(trio.failures).toEqual([])
  })
})

describe('a full disk', () => {
  const noRoom = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })

  it('of a follower stops nobody, and it catches up when there is room again', () => {
    const trio = new Trio()
    const leader = trio.leader()
    const follower = leader === 1 ? 2 : 1
    const faults = trio.faults.get(follower)
    if (faults === undefined) throw new Error('no disk')
    faults.appendError = noRoom
    trio.at(leader).member.append(batchOf('a'))
    trio.clock.advance(10_000)
    expect([trio.at(leader).member.highWatermark, trio.at(follower).log.logEndOffset]).toEqual([2, 1])
    expect(trio.at(leader).member.isLeader).toBe(true)
    faults.appendError = null
    trio.at(leader).member.append(batchOf('b'))
    trio.clock.advance(3000)
    expect(trio.values(follower)).toEqual(trio.values(leader))
    expect(trio.values(follower)).toHaveLength(3)
    expect([trio.failures, trio.rolledBack]).toEqual([[], []])
  })

  it('of the leader takes back what it could not write, and leads on', () => {
    const trio = new Trio()
    const leader = trio.leader()
    const faults = trio.faults.get(leader)
    if (faults === undefined) throw new Error('no disk')
    faults.appendError = noRoom
    trio.at(leader).member.append(batchOf('lost'))
    trio.clock.advance(10)
    expect(trio.rolledBack).toEqual([`${leader}: 1`])
    expect(() => trio.at(leader).member.append(batchOf('refused'))).toThrow(/no space/)
    faults.appendError = null
    trio.clock.advance(1000)
    trio.at(leader).member.append(batchOf('kept'))
    trio.clock.advance(1000)
    for (const id of [1, 2, 3]) expect(trio.values(id).map((value) => value.split(' ')[2])).toEqual(['leader', 'kept'])
    expect(trio.failures).toEqual([])
  })
})

describe('a damaged state file', () => {
  const damage = (trio: Trio) => {
    trio.leader()
    const { epoch } = trio.at(1).member
    trio.kill(1)
    trio.disks.get(1)?.replaceSync(`/data/${METADATA_TOPIC}-0/quorum-state`, Buffer.from('{"leaderEpoch":'))
    return epoch
  }

  it('is refused by one voter of three: it might vote twice', () => {
    const trio = new Trio()
    damage(trio)
    expect(() => trio.start(1)).toThrow(QuorumStateError)
  })

  it('does no harm to the only voter: its log knows the epoch', () => {
    const trio = new Trio([1])
    const epoch = damage(trio)
    trio.start(1)
    expect(trio.leader()).toBe(1)
    expect(trio.at(1).member.epoch).toBe(epoch + 1)
  })
})

describe('one member', () => {
  it('writes its state as Kafka does', () => {
    const trio = new Trio([1])
    trio.leader()
    const text = trio.disks.get(1)?.readFileSync(`/data/${METADATA_TOPIC}-0/quorum-state`).toString()
    expect(JSON.parse(text ?? '')).toEqual({
      leaderId: 1,
      leaderEpoch: 1,
      votedId: 1,
      currentVoters: [{ voterId: 1 }],
      data_version: 0,
    })
  })
})
