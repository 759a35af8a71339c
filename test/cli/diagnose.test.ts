import { describe, expect, it } from 'vitest'
import type { ReplicatedPartition } from '../../client/index.ts'
import { diagnose, type Look } from '../../cli/doctor/diagnose.ts'

const broker = (id: number, fenced = false) => ({
  id,
  host: 'h',
  port: 9092,
  rack: null,
  fenced,
  controller: id === 1,
})

const voter = (id: number, logEndOffset: number) => ({
  id,
  directoryId: 'd',
  logEndOffset,
  lastFetchMs: 0,
  lastCaughtUpMs: 0,
  address: null,
})

const whole: ReplicatedPartition = {
  topic: 't',
  partition: 0,
  leader: 1,
  leaderEpoch: 3,
  replicas: [1, 2, 3],
  inSync: [1, 2, 3],
  eligible: [],
  lastComplete: [],
  electedAs: 'in-sync',
}

function look(partition: Partial<ReplicatedPartition> = {}, more: Partial<Look> = {}): Look {
  return {
    brokers: [broker(1), broker(2), broker(3)],
    quorum: {
      leader: 1,
      leaderEpoch: 2,
      highWatermark: 9,
      voters: [voter(1, 9), voter(2, 9), voter(3, 8)],
      observers: [],
    },
    partitions: [{ ...whole, ...partition }],
    ends: [],
    ...more,
  }
}

const texts = (seen: Look) => diagnose(seen).findings.map(({ level, text }) => `${level}: ${text}`)
const whyOf = (partition: Partial<ReplicatedPartition>) => diagnose(look(partition)).partitions[0]

describe('the doctor', () => {
  it('finds nothing wrong where nothing is', () => {
    expect(texts(look())).toEqual([])
  })

  it.each([
    ['in-sync', 'broker 1 was in sync: it has everything that was acknowledged', true],
    ['eligible', 'broker 1 was eligible: since it left the in-sync set nothing was acknowledged without it', true],
    ['last', 'broker 1 alone was complete last: nobody has more, but its disk may have lost some', false],
    [
      'longest',
      'all that were complete last were asked, and broker 1 has the most, but each disk may have lost some',
      false,
    ],
    ['by lot', 'broker 1 was chosen as "by lot"', false],
    ['', 'broker 1 has led from the beginning, or since before metadata.version 2', true],
    ['unclean', 'broker 1 was chosen because it was alive: acknowledged records may be gone', false],
  ])('says why a leader elected as "%s" is safe, or is not', (electedAs, why, safe) => {
    expect(whyOf({ electedAs })).toMatchObject({ why, safe })
  })

  it('says for whom a partition without a leader waits', () => {
    const none = { leader: -1, inSync: [] }
    expect(whyOf({ ...none, eligible: [2] })?.why).toMatch(/waits for broker 2, which has every acknowledged record/)
    expect(whyOf({ ...none, lastComplete: [1, 3] })?.why).toMatch(/waits for brokers 1, 3, to ask who has the most/)
    expect(whyOf(none)?.why).toMatch(/no replica is known to be complete/)
  })

  it('takes a partition without a leader, or with one chosen uncleanly, for an error', () => {
    expect(texts(look({ leader: -1, inSync: [], eligible: [2] }))).toEqual([
      expect.stringMatching(/^error: t-0: nobody/),
    ])
    expect(texts(look({ electedAs: 'unclean' }))).toEqual([expect.stringMatching(/^error: t-0: .*may be gone/)])
    expect(texts(look({ inSync: [2, 3] }))).toEqual(['error: t-0: its leader 1 is not in sync'])
  })

  it('warns of replicas out of sync, fenced brokers and voters that are behind or silent', () => {
    expect(texts(look({ inSync: [1] }))).toEqual(['warning: t-0: brokers 2, 3 not in sync'])
    expect(texts(look({}, { brokers: [broker(1), broker(2, true)] }))).toEqual([
      'warning: broker 2 is fenced: it is down, or cut off',
    ])
    const voters = [voter(1, 5000), voter(2, 100), voter(3, -1)]
    const quorum = { leader: 1, leaderEpoch: 2, highWatermark: 9, voters, observers: [] }
    expect(texts(look({}, { quorum }))).toEqual([
      'warning: voter 3 of the metadata quorum has not been heard of since 1 leads it',
      'warning: voter 2 of the metadata quorum is 4900 records behind',
    ])
  })

  it('shows how far each replica goes', () => {
    const end = (id: number, endOffset: number) => ({ topic: 't', partition: 0, broker: id, endOffset })
    const ends = [end(3, 7), end(1, 9), { ...end(2, 1), topic: 'other' }]
    expect(diagnose(look({}, { ends })).partitions[0]?.ends).toEqual([
      { broker: 1, endOffset: 9 },
      { broker: 3, endOffset: 7 },
    ])
  })
})
