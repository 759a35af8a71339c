/** The invariants themselves: each finds what is planted for it, at the event that does it. */
import { describe, expect, it } from 'vitest'
import { formatQuorumState } from '../../../broker/consensus/quorum-state.ts'
import { BatchBuilder } from '../../../proto/kafka/batch/encode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import { SimFile, type SimNode, type StoredBatch } from '../../../testing/sim/index.ts'
import { History } from './history.ts'
import { AcknowledgedIsCommitted } from './invariants/acknowledged-is-committed.ts'
import { CommittedLogs } from './invariants/committed-logs.ts'
import { IdempotentOnce } from './invariants/idempotent-once.ts'
import type { News } from './invariants/news.ts'
import { VotesKept } from './invariants/votes-kept.ts'

/** A batch of two records as it is in a log. */
function stored(baseOffset: number, baseSequence: number, producerId = 7): StoredBatch {
  const builder = new BatchBuilder(1_000)
  for (let i = 0; i < 2; i++) builder.append(null, Buffer.from('value'), [], 0)
  const buffer = builder.build({ producerId, producerEpoch: 0, baseSequence })
  header.setBaseOffset(buffer, 0, baseOffset)
  const crc = header.crc(buffer, 0)
  return { baseOffset, nextOffset: baseOffset + 2, leaderEpoch: 0, crc, isDurable: true, buffer, position: 0 }
}

describe('what an idempotent producer wrote', () => {
  it('is committed once and in order, by each producer and in each partition for itself', () => {
    const once = new IdempotentOnce()
    once.committed('t-0', stored(0, 0))
    once.committed('t-0', stored(2, 2))
    once.committed('t-1', stored(0, 0))
    expect(() => once.committed('t-0', stored(4, 0, 8))).not.toThrow()
  })

  it('is found when it is committed twice (P2), or after what came later (P5)', () => {
    const once = new IdempotentOnce()
    once.committed('t-0', stored(0, 2))
    expect(() => once.committed('t-0', stored(2, 3))).toThrow(/^P2/)
    expect(() => once.committed('t-0', stored(2, 0))).toThrow(/^P5/)
  })

  it('says nothing about producers that are not idempotent', () => {
    const once = new IdempotentOnce()
    for (const offset of [0, 2]) expect(() => once.committed('t-0', stored(offset, -1, -1))).not.toThrow()
  })
})

describe('a vote', () => {
  /** A voter whose state file is written and lost as the test likes. */
  function voter() {
    const invariant = new VotesKept()
    const own = { state: 'up', file: null as SimFile | null }
    const node = {
      id: 1,
      host: 'n1',
      disksLost: 0,
      config: { dataDir: '/data' },
      disk: { peek: () => own.file },
      get state() {
        return own.state
      },
    } as unknown as SimNode
    const look = (state: string, votedFor: number, epoch: number) => {
      own.state = state
      own.file = new SimFile()
      own.file.write(Buffer.from(formatQuorumState({ epoch, votedFor, leader: -1 }, [1, 2])), 0, 1)
      const logs = [{ node, name: '__cluster_metadata-0' }]
      invariant.check({ isFull: false, nodes: [node, node], active: [node], logs, remounted: [] } as unknown as News)
    }
    return look
  }

  it('is kept for good once it may have been told', () => {
    const look = voter()
    look('up', 2, 5)
    expect(() => look('up', 1, 5)).toThrow('votes for 1 in epoch 5 of the quorum, and voted for 2 before')
  })

  it('may be lost by a process that died as it wrote it', () => {
    const look = voter()
    look('up', -1, 4)
    look('down', 2, 5)
    expect(() => look('up', -1, 4)).not.toThrow()
    expect(() => look('up', 1, 5)).not.toThrow()
    expect(() => look('up', 1, 4)).toThrow('goes back from epoch 5 of the quorum to 4')
  })
})

describe('what a client was promised', () => {
  function promised() {
    const history = new History()
    const partition = history.partition('t', 0)
    const committed = new CommittedLogs(() => {})
    const batch = partition.sent(history.newWriter(true, -1), history.newSession(), 0, 2)
    partition.acknowledged(batch, 0)
    return { partition, committed, invariant: new AcknowledgedIsCommitted(history, committed) }
  }

  it('is below a high watermark at that very event (R1)', () => {
    const { committed, invariant } = promised()
    expect(() => invariant.check()).toThrow(/^R1/)
    committed.add('t-0', committed.of('t-0'), stored(0, 0))
    expect(() => invariant.check()).not.toThrow()
  })

  it('counts no more once its topic is deleted', () => {
    const { partition, invariant } = promised()
    partition.isDeleted = true
    expect(() => invariant.check()).not.toThrow()
  })
})
