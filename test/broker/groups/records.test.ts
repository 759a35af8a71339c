/** Our records against those that Kafka 4.3 wrote itself (a consumer group of kcat; see test/fixtures/kafka). */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Budget } from '../../../broker/groups/budget.ts'
import { Group } from '../../../broker/groups/group.ts'
import { Member } from '../../../broker/groups/member.ts'
import { DEFAULT_GROUP_OPTIONS } from '../../../broker/groups/options.ts'
import {
  type GroupSnapshot,
  groupMetadataRecord,
  groupTombstone,
  offsetRecord,
  parseRecord,
} from '../../../broker/groups/records.ts'
import { GroupShard } from '../../../broker/groups/shard.ts'
import { Timer } from '../../../broker/groups/timers.ts'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import { WireError } from '../../../proto/kafka/wire-error.ts'
import { readTarGz } from '../log/tar.ts'

const archive = fileURLToPath(new URL('../../fixtures/kafka/log-dirs.tar.gz', import.meta.url))
const log = readTarGz(archive).get('clean/__consumer_offsets-0/00000000000000000000.log') ?? null
const records = [...decodeBatches(log)].flatMap((batch) =>
  [...batch.records()].map(({ key, value }) => ({ key: key as Buffer, value })),
)

/** The group as it was when its record was written. */
function groupOf(groupId: string, snapshot: GroupSnapshot): Group {
  const idle = () => new Timer(() => {})
  const state = snapshot.members.length === 0 ? 'Empty' : 'Stable'
  const group = new Group(groupId, { ...snapshot, state }, () => ({ join: idle(), sync: idle() }))
  for (const each of snapshot.members) {
    const protocols = [{ name: snapshot.protocolName ?? '', metadata: each.subscription }]
    group.add(new Member({ ...each, protocolType: snapshot.protocolType ?? '' }, each, protocols, idle()))
  }
  return group
}

describe('records of __consumer_offsets', () => {
  it('are the bytes that Kafka writes', () => {
    expect(records).toHaveLength(4)
    for (const record of records) {
      const parsed = parseRecord(record.key, record.value)
      if (parsed?.type === 'offset') {
        expect(offsetRecord(parsed.groupId, parsed.topic, parsed.partition, parsed.value)).toEqual(record)
      } else if (parsed?.type === 'group' && parsed.snapshot !== null) {
        const assignments = new Map(parsed.snapshot.members.map(({ memberId, assignment }) => [memberId, assignment]))
        expect(groupMetadataRecord(groupOf(parsed.groupId, parsed.snapshot), assignments)).toEqual(record)
      } else throw new Error('a record that is neither')
    }
  })

  it('of Kafka make the same groups here', () => {
    const shard = new GroupShard({ options: DEFAULT_GROUP_OPTIONS, budget: new Budget(10, 1e6), newId: () => 'id' })
    const states: string[] = []
    for (const record of records) {
      shard.replay(record)
      const { state, protocolType, members } = shard.describe('readers')
      states.push(`${state} ${protocolType} ${members.map(({ clientHost, clientId }) => clientId + clientHost).join()}`)
    }
    expect(states).toEqual([
      'Empty  ',
      'Stable consumer rdkafka/127.0.0.1',
      'Stable consumer rdkafka/127.0.0.1',
      'Empty consumer ',
    ])
    const offsets: unknown[] = []
    const all = { groupId: 'readers', memberId: null, memberEpoch: -1, topics: null, requireStable: false }
    shard.fetch(all, ({ topics }) => offsets.push(topics))
    for (const reply of shard.outbox.takeReplies()) reply()
    expect(offsets).toMatchObject([[{ topic: 'codecs', partitions: [{ partition: 0, offset: 100, leaderEpoch: 0 }] }]])
  })

  it('of version 0 know one timeout: the session is the rebalance timeout too', () => {
    const key = groupTombstone('g').key
    const member = '0001 6d 0001 63 0001 68 00002710 00000000 00000000'
    const value = Buffer.from(
      `0000 0008 636f6e73756d6572 00000007 0005 72616e6765 0001 6d 00000001 ${member}`.replaceAll(' ', ''),
      'hex',
    )
    const parsed = parseRecord(key, value)
    expect(parsed).toMatchObject({
      type: 'group',
      groupId: 'g',
      snapshot: {
        protocolType: 'consumer',
        generation: 7,
        protocolName: 'range',
        leaderId: 'm',
        stateTimestampMs: -1,
        members: [{ memberId: 'm', groupInstanceId: null, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 }],
      },
    })
  })

  it('of offsets with their own retention are of version 1, the others of version 4', () => {
    const value = { offset: 1, leaderEpoch: 2, metadata: 'm', commitTimestampMs: 3, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }
    expect(offsetRecord('g', 't', 0, { ...value, expireTimestampMs: 4 }).value?.readInt16BE(0)).toBe(1)
    expect(offsetRecord('g', 't', 0, { ...value, expireTimestampMs: -1 }).value?.readInt16BE(0)).toBe(4)
    expect(offsetRecord('g', 't', 0, null).value).toBeNull()
  })

  it('of other kinds of groups are left alone; those of a version from the future are not guessed', () => {
    expect(parseRecord(Buffer.from([0, 3, 0, 1, 103]), Buffer.from([0, 0]))).toBeNull()
    expect(() => parseRecord(groupTombstone('g').key, Buffer.from([0, 9]))).toThrow(WireError)
    expect(() => parseRecord(Buffer.from([0]), null)).toThrow(WireError)
  })
})
