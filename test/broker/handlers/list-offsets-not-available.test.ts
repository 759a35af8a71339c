/** KIP-207: who has just become leader does not know where the committed end is, and must not answer an older one. */
import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { ListOffsetsResponse } from '../../../proto/kafka/generated/02-list-offsets.ts'
import { listOffsetsHandler } from '../../../broker/handlers/02-list-offsets.ts'
import type { RequestContext } from '../../../broker/handlers/handler.ts'
import type { Partition } from '../../../broker/replication/api.ts'
import type { Services } from '../../../broker/services.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4

/** A partition that ends at 46; of these, 7 are known to be committed until `knowsCommittedEnd`. */
function ask(timestamp: number, version: number, knowsCommittedEnd: boolean) {
  const committed = knowsCommittedEnd ? 46 : 7
  const found = { error: Errors.NONE, offset: 3, timestampMs: 9, leaderEpoch: 2 }
  const partition: Partial<Partition> = {
    index: 0,
    leaderEpoch: 2,
    knowsCommittedEnd,
    highWatermark: committed,
    lastStableOffset: committed,
    logStartOffset: 1,
    checkLeaderEpoch: () => Errors.NONE,
    epochAt: () => 2,
    offsetForTimestamp: (_timestampMs, _limitOffset, done) => done(found),
    offsetOfMaxTimestamp: (_limitOffset, done) => done(found),
  }
  const services = { partitions: { leaderOrError: () => ({ partition, error: 0 }) } } as unknown as Services
  const replies: ListOffsetsResponse[] = []
  const context = {
    apiVersion: version,
    reply: (response: ListOffsetsResponse) => replies.push(response),
  } as unknown as RequestContext<ListOffsetsResponse>
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }]
  const request = { replicaId: -1, isolationLevel: 0, timeoutMs: 1000, topics: [{ name: 't', partitions }] }
  listOffsetsHandler.handle(request, context, services)
  return replies[0]?.topics[0]?.partitions[0]
}

describe('ListOffsets of a leader that does not know the committed end yet', () => {
  it.each([LATEST, MAX_TIMESTAMP, 1_700_000_000_000])('answers %d with an error to be tried again', (timestamp) => {
    expect(ask(timestamp, 11, false)).toMatchObject({
      errorCode: Errors.OFFSET_NOT_AVAILABLE,
      offset: -1,
      timestamp: -1,
    })
    expect(ask(timestamp, 7, false)).toMatchObject({ errorCode: Errors.OFFSET_NOT_AVAILABLE, offset: -1 })
  })

  it('has another error for clients that do not know that one', () => {
    expect(ask(LATEST, 5, false)).toMatchObject({ errorCode: Errors.OFFSET_NOT_AVAILABLE, offset: -1 })
    expect(ask(LATEST, 4, false)).toMatchObject({ errorCode: Errors.LEADER_NOT_AVAILABLE, offset: -1 })
  })

  it.each([EARLIEST, EARLIEST_LOCAL])('answers %d: where the log begins is known', (timestamp) => {
    expect(ask(timestamp, 11, false)).toMatchObject({ errorCode: Errors.NONE, offset: 1 })
  })

  it('answers everything once it knows', () => {
    expect(ask(LATEST, 11, true)).toMatchObject({ errorCode: Errors.NONE, offset: 46 })
    expect(ask(MAX_TIMESTAMP, 11, true)).toMatchObject({ errorCode: Errors.NONE, offset: 3, timestamp: 9 })
  })
})
