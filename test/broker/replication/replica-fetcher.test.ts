import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReplicaFetcher } from '../../../broker/replication/follower/replica-fetcher.ts'
import { ReplicationQuota } from '../../../broker/replication/throttle.ts'
import type { Replica } from '../../../broker/replication/follower/replica.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { FetchRequest, FetchResponse, PartitionData } from '../../../proto/kafka/generated/01-fetch.ts'

const topicId = 'AAAAAAAAAAAAAAAAAAAAEA'

/** A log of one-record batches, as leader or follower. */
class MemoryLog implements Replica {
  readonly topic = 'orders'
  readonly topicId = topicId
  readonly index: number
  readonly isOnline = true
  isThrottled = false
  leaderEpoch = 0
  logStartOffset = 0
  highWatermark = 0
  batches: Buffer[] = []
  cuts: number[] = []
  broken = false

  constructor(index = 0) {
    this.index = index
  }

  get logEndOffset(): number {
    const last = this.batches.at(-1)
    return last === undefined ? this.logStartOffset : header.lastOffset(last, 0) + 1
  }

  get latestEpoch(): number {
    const last = this.batches.at(-1)
    return last === undefined ? -1 : header.leaderEpoch(last, 0)
  }

  get history(): string[] {
    return this.batches.map((batch) => `${header.baseOffset(batch, 0)}@${header.leaderEpoch(batch, 0)}`)
  }

  /** As leader: one batch. */
  write(epoch: number, records = 1): void {
    const batch = encodeBatch(Array.from({ length: records }, () => ({ key: null, value: `${epoch}`, timestamp: 0 })))
    header.setBaseOffset(batch, 0, this.logEndOffset)
    header.setLeaderEpoch(batch, 0, epoch)
    this.batches.push(batch)
  }

  endOffsetForEpoch(epoch: number) {
    for (const batch of this.batches.toReversed()) {
      const found = header.leaderEpoch(batch, 0)
      if (found <= epoch) return { epoch: found, endOffset: header.lastOffset(batch, 0) + 1 }
    }
    return { epoch: -1, endOffset: -1 }
  }

  appendFetched(batches: Buffer): boolean {
    if (this.broken) return false
    for (let position = 0; position < batches.length; position += header.batchSize(batches, position)) {
      this.batches.push(Buffer.from(batches.subarray(position, position + header.batchSize(batches, position))))
    }
    return true
  }

  truncateTo(offset: number): boolean {
    this.cuts.push(offset)
    this.batches = this.batches.filter((batch) => header.baseOffset(batch, 0) < offset)
    return true
  }

  startOverAt(offset: number): boolean {
    this.batches = []
    this.logStartOffset = offset
    return true
  }

  leaderIsAt(highWatermark: number, logStartOffset: number): void {
    this.highWatermark = Math.min(highWatermark, this.logEndOffset)
    this.batches = this.batches.filter((batch) => header.lastOffset(batch, 0) >= logStartOffset)
    this.logStartOffset = Math.max(this.logStartOffset, logStartOffset)
  }

  persist(done: () => void): void {
    done()
  }

  /** A leader's answer to one position (KIP-595). */
  answer(fetchOffset: number, lastEpoch: number, maxBatches: number): PartitionData {
    const data = answerOf(this.index, { highWatermark: this.highWatermark, logStartOffset: this.logStartOffset })
    if (fetchOffset < this.logStartOffset) return { ...data, errorCode: Errors.OFFSET_OUT_OF_RANGE }
    if (lastEpoch >= 0) {
      const known = this.endOffsetForEpoch(lastEpoch)
      // Older than everything here: it ends where this log begins.
      const end = known.epoch < 0 ? { epoch: lastEpoch, endOffset: this.logStartOffset } : known
      if (end.epoch !== lastEpoch || end.endOffset < fetchOffset) return { ...data, divergingEpoch: end }
    }
    // Whole batches: the first may begin before the offset that was asked for.
    const from = this.batches.filter((batch) => header.lastOffset(batch, 0) >= fetchOffset)
    return { ...data, records: from.slice(0, maxBatches) }
  }
}

function answerOf(partitionIndex: number, fields: Partial<PartitionData>): PartitionData {
  return {
    partitionIndex,
    errorCode: 0,
    highWatermark: 0,
    lastStableOffset: 0,
    logStartOffset: 0,
    divergingEpoch: { epoch: -1, endOffset: -1 },
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
    snapshotId: { endOffset: -1, epoch: -1 },
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: null,
    ...fields,
  }
}

function response(partitions: PartitionData[], sessionId = 7, errorCode = 0): FetchResponse {
  const responses = partitions.length === 0 ? [] : [{ topic: '', topicId, partitions }]
  return { throttleTimeMs: 0, errorCode, sessionId, responses, nodeEndpoints: [] }
}

function fetcherOf(...replicas: Replica[]) {
  const problems: string[] = []
  const fetcher = new ReplicaFetcher({
    clusterId: 'c',
    nodeId: 2,
    brokerEpoch: () => 41,
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 10_000,
    partitionMaxBytes: 1000,
    backoffMs: 1000,
    quota: new ReplicationQuota(() => 1000),
    problem: (replica, reason) => void problems.push(`${replica.index}: ${reason}`),
  })
  for (const replica of replicas) fetcher.assign(replica)
  return { fetcher, problems }
}

const positions = (request: FetchRequest | null) => request?.topics.flatMap(({ partitions }) => partitions) ?? []

/** Asks and answers until the follower has nothing to fetch; returns the rounds it took. */
function follow(fetcher: ReplicaFetcher, leader: MemoryLog, follower: MemoryLog, maxBatches = 3): number {
  for (let round = 1; round < 200; round++) {
    const request = fetcher.next(round)
    expect(request).not.toBeNull()
    const data = leader.answer(follower.logEndOffset, follower.latestEpoch, maxBatches)
    fetcher.received(response([data]), round)
    if (follower.logEndOffset === leader.logEndOffset && data.records?.length === 0) return round
  }
  throw new Error('the follower never caught up')
}

describe('a replica fetcher', () => {
  it('asks from its own end, says who it is, and takes over batches, high watermark and log start', () => {
    const [leader, follower] = [new MemoryLog(), new MemoryLog()]
    for (let n = 0; n < 5; n++) leader.write(0)
    leader.highWatermark = 4
    leader.logStartOffset = 0
    const { fetcher } = fetcherOf(follower)
    const request = fetcher.next(0)
    expect(request).toMatchObject({ clusterId: 'c', replicaState: { replicaId: 2, replicaEpoch: 41 }, sessionEpoch: 0 })
    expect(positions(request)).toMatchObject([{ fetchOffset: 0, lastFetchedEpoch: -1, currentLeaderEpoch: 0 }])
    follow(fetcher, leader, follower)
    expect(follower.history).toEqual(leader.history)
    expect(follower.highWatermark).toBe(4)
  })

  it('names in a session only what changed, and forgets what it no longer follows', () => {
    const replicas = [0, 1, 2].map((index) => new MemoryLog(index))
    const leader = new MemoryLog(1)
    leader.write(0)
    const { fetcher } = fetcherOf(...replicas)
    expect(positions(fetcher.next(0))).toHaveLength(3)
    fetcher.received(response([leader.answer(0, -1, 1)]), 0)
    const second = fetcher.next(1)
    expect(second).toMatchObject({ sessionId: 7, sessionEpoch: 1, forgottenTopicsData: [] })
    expect(positions(second)).toMatchObject([{ partition: 1, fetchOffset: 1, lastFetchedEpoch: 0 }])
    fetcher.received(response([]), 1)
    fetcher.remove(topicId, 2)
    const third = fetcher.next(2)
    expect(third).toMatchObject({ sessionEpoch: 2, forgottenTopicsData: [{ topicId, partitions: [2] }] })
    expect(positions(third)).toEqual([])
  })

  it('opens a new session at once when the leader has lost the old one', () => {
    const { fetcher } = fetcherOf(new MemoryLog())
    fetcher.next(0)
    fetcher.received(response([]), 0)
    fetcher.next(1)
    fetcher.received(response([], 0, Errors.FETCH_SESSION_ID_NOT_FOUND), 1)
    const again = fetcher.next(1)
    expect(again).toMatchObject({ sessionId: 0, sessionEpoch: 0 })
    expect(positions(again)).toHaveLength(1)
  })

  it('rests after a request that failed, and then names everything again', () => {
    const { fetcher } = fetcherOf(new MemoryLog())
    fetcher.next(0)
    fetcher.received(response([]), 0)
    fetcher.next(1)
    fetcher.failed(1)
    expect(fetcher.next(20)).toBeNull()
    expect(fetcher.wakeAtMs(1)).toBe(21)
    expect(positions(fetcher.next(21))).toHaveLength(1)
  })

  it('reports a problem once, and again only after it went well', () => {
    const follower = new MemoryLog()
    const { fetcher, problems } = fetcherOf(follower)
    const failing = answerOf(0, { errorCode: Errors.KAFKA_STORAGE_ERROR })
    const [leader] = [new MemoryLog()]
    leader.write(0)
    let nowMs = 0
    for (const answer of [failing, failing, answerOf(0, { records: leader.batches }), failing]) {
      fetcher.next((nowMs += 1000))
      fetcher.received(response([answer]), nowMs)
    }
    expect(problems).toHaveLength(2)
  })

  it('rests for longer each time that the leader does not answer, up to the configured pause', () => {
    const { fetcher } = fetcherOf(new MemoryLog())
    const pauses: number[] = []
    for (let nowMs = 0; pauses.length < 8; nowMs = fetcher.wakeAtMs(nowMs)) {
      fetcher.next(nowMs)
      fetcher.failed(nowMs)
      pauses.push(fetcher.wakeAtMs(nowMs) - nowMs)
    }
    expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1000, 1000])
  })

  it('lets a throttled replica that lags rest while the throttle is exceeded, and no other', () => {
    const [throttled, free] = [new MemoryLog(0), new MemoryLog(1)]
    throttled.isThrottled = true
    const { fetcher } = fetcherOf(throttled, free)
    const leader = new MemoryLog()
    for (let count = 0; count < 20; count++) leader.write(0)
    fetcher.next(0)
    const records = { records: leader.batches, highWatermark: 50 }
    fetcher.received(response([answerOf(0, records), answerOf(1, records)]), 0)
    expect(fetcher.next(1)).toMatchObject({
      topics: [{ partitions: [{ partition: 1 }] }],
      forgottenTopicsData: [{ partitions: [0] }],
    })
    fetcher.received(response([]), 1)
    expect(positions(fetcher.next(30_000)).map(({ partition }) => partition)).toContain(0)
  })

  it('cuts what the leader never had, by epochs', () => {
    const [leader, follower] = [new MemoryLog(), new MemoryLog()]
    for (const epoch of [1, 1, 1, 4, 4]) leader.write(epoch)
    for (const epoch of [1, 1, 1, 1, 2, 3]) follower.write(epoch)
    follower.leaderEpoch = 4
    const { fetcher } = fetcherOf(follower)
    follow(fetcher, leader, follower)
    expect(follower.history).toEqual(leader.history)
    expect(follower.cuts.at(-1)).toBe(3)
  })

  it('waits for the metadata when its epoch is too old, and asks again soon when the leader lags', () => {
    const [old, early] = [new MemoryLog(0), new MemoryLog(1)]
    const { fetcher, problems } = fetcherOf(old, early)
    fetcher.next(0)
    const fenced = answerOf(0, { errorCode: Errors.FENCED_LEADER_EPOCH })
    const unknown = answerOf(1, { errorCode: Errors.UNKNOWN_LEADER_EPOCH })
    fetcher.received(response([fenced, unknown]), 0)
    expect(fetcher.next(19)).toBeNull()
    expect(fetcher.wakeAtMs(0)).toBe(20)
    expect(fetcher.next(20)).toMatchObject({ forgottenTopicsData: [{ topicId, partitions: [0] }] })
    fetcher.received(response([]), 20)
    old.leaderEpoch = 1
    fetcher.assign(old)
    expect(positions(fetcher.next(21)).map(({ partition }) => partition)).toEqual([0])
    expect(problems).toEqual([])
  })

  it('begins anew where the leader begins, when everything it has is gone there', () => {
    const [leader, follower] = [new MemoryLog(), new MemoryLog()]
    leader.logStartOffset = 100
    leader.write(0)
    follower.write(0)
    const { fetcher } = fetcherOf(follower)
    follow(fetcher, leader, follower)
    expect(follower.history).toEqual(['100@0'])
  })

  it('begins with the whole batch that the leader’s log begins within', () => {
    const [leader, follower] = [new MemoryLog(), new MemoryLog()]
    leader.write(0, 10)
    leader.write(0, 5)
    leader.logStartOffset = 7
    const { fetcher, problems } = fetcherOf(follower)
    follow(fetcher, leader, follower)
    expect(problems).toEqual([])
    expect(follower.history).toEqual(['0@0', '10@0'])
    expect([follower.logStartOffset, follower.logEndOffset]).toEqual([7, 15])
  })

  it('does not touch an answer to a question of another epoch or another place', () => {
    const [leader, follower] = [new MemoryLog(), new MemoryLog()]
    leader.write(0)
    const { fetcher } = fetcherOf(follower)
    fetcher.next(0)
    const late = leader.answer(0, -1, 1)
    follower.leaderEpoch = 1
    fetcher.assign(follower)
    expect(fetcher.received(response([late]), 0)).toEqual([])
    expect(follower.history).toEqual([])
  })

  it.each([
    ['a damaged batch', (batch: Buffer) => void (batch[batch.length - 1]! ^= 1), 'wrong CRC'],
    ['a batch before its end', (batch: Buffer) => header.setBaseOffset(batch, 0, 0), 'a batch at offset 0'],
    ['a batch of a later epoch', (batch: Buffer) => header.setLeaderEpoch(batch, 0, 9), 'leader epoch 9'],
  ])('takes what is before %s, says so, and asks again later', (_name, damage, reason) => {
    const [leader, follower] = [new MemoryLog(), new MemoryLog()]
    for (let n = 0; n < 3; n++) leader.write(0)
    damage(leader.batches[1]!)
    const { fetcher, problems } = fetcherOf(follower)
    fetcher.next(0)
    expect(fetcher.received(response([answerOf(0, { records: leader.batches })]), 0)).toHaveLength(1)
    expect(follower.history).toEqual(['0@0'])
    expect(problems).toEqual([expect.stringContaining(reason)])
    expect(fetcher.next(999)).toBeNull()
    expect(positions(fetcher.next(1000))).toMatchObject([{ fetchOffset: 1 }])
  })

  it('takes whole batches of an answer that was cut off by its size', () => {
    const [leader, follower] = [new MemoryLog(), new MemoryLog()]
    for (let n = 0; n < 3; n++) leader.write(0)
    const { fetcher, problems } = fetcherOf(follower)
    fetcher.next(0)
    fetcher.received(response([answerOf(0, { records: Buffer.concat(leader.batches).subarray(0, -5) })]), 0)
    expect(follower.history).toEqual(['0@0', '1@0'])
    expect(problems).toEqual([])
  })

  it('rests a partition whose log takes nothing more, and goes on with the others', () => {
    const [broken, sound] = [new MemoryLog(0), new MemoryLog(1)]
    broken.broken = true
    const leader = new MemoryLog()
    leader.write(0)
    const { fetcher, problems } = fetcherOf(broken, sound)
    fetcher.next(0)
    const data = leader.answer(0, -1, 1)
    fetcher.received(response([data, { ...data, partitionIndex: 1 }]), 0)
    expect(sound.logEndOffset).toBe(1)
    expect(problems).toEqual(['0: its log takes nothing more'])
  })

  it('ends with the log of its leader, whatever both went through before', () => {
    const epochs = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 12 }).map((all) => all.sort((a, b) => a - b))
    fc.assert(
      fc.property(epochs, epochs, fc.nat(12), fc.integer({ min: 1, max: 4 }), (ours, theirs, shared, maxBatches) => {
        // What two logs hold at the same offset in the same epoch is the same: they part once and never meet again.
        const common = ours.slice(0, shared)
        const lastCommon = common.at(-1) ?? 0
        const [leader, follower] = [new MemoryLog(), new MemoryLog()]
        for (const epoch of common) for (const log of [leader, follower]) log.write(epoch)
        for (const epoch of ours.slice(shared)) leader.write(Math.max(epoch, lastCommon) * 2)
        for (const epoch of theirs) follower.write(Math.max(epoch, lastCommon) * 2 + 1)
        follower.leaderEpoch = 99
        leader.write(99)
        const { fetcher, problems } = fetcherOf(follower)
        follow(fetcher, leader, follower, maxBatches)
        expect(follower.history).toEqual(leader.history)
        expect(Math.min(...follower.cuts, Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(common.length)
        expect(problems).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
