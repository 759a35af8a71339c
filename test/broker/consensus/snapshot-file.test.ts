import { describe, expect, it } from 'vitest'
import {
  decodeSnapshot,
  idOfName,
  partialName,
  SnapshotEncoder,
  SnapshotError,
  snapshotName,
} from '../../../broker/consensus/snapshot-file.ts'
import type { MetadataRecord } from '../../../proto/cluster.ts'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'

const id = { endOffset: 250, epoch: 7 }
const path = '/data/250.checkpoint'
const voters = [{ id: 1, directoryId: 'nZ8nbaZD0IuXBnWRnr65Ew', host: 'a', port: 9093 }]
const records: readonly MetadataRecord[] = [
  { kind: 'featureLevel', name: 'metadata.version', level: 1 },
  { kind: 'topic', name: 'orders', topicId: 'nZ8nbaZD0IuXBnWRnr65Ew' },
  { kind: 'producerIds', brokerId: -1, brokerEpoch: -1, nextProducerId: 3000 },
]

function whole(): Buffer {
  const encoder = new SnapshotEncoder(id, 1000)
  const batches = [...encoder.header(voters), encoder.records(records.slice(0, 2)), encoder.records(records.slice(2))]
  return Buffer.concat([...batches, encoder.footer()])
}

describe('a snapshot file', () => {
  it('has the name that Kafka gives it', () => {
    expect(snapshotName(id)).toBe('00000000000000000250-0000000007.checkpoint')
    expect(partialName(id)).toBe('00000000000000000250-0000000007.checkpoint.part')
    expect(idOfName(snapshotName(id))).toEqual(id)
    for (const other of [partialName(id), '250-7.checkpoint', '00000000000000000250.log']) {
      expect(idOfName(other)).toBeNull()
    }
  })

  it('says what it was made of', () => {
    const bytes = whole()
    expect(decodeSnapshot(path, id, bytes)).toMatchObject({ id, voters, records, sizeBytes: bytes.length })
    const encoder = new SnapshotEncoder(id, 1000)
    const empty = Buffer.concat([...encoder.header(null), encoder.footer()])
    expect(decodeSnapshot(path, id, empty)).toMatchObject({ voters: null, records: [] })
  })

  it("is framed as Kafka's: header and footer in control batches, offsets from 0, one epoch", () => {
    const batches = [...decodeBatches(whole())]
    expect(batches.map(({ isControl }) => isControl)).toEqual([true, false, false, false, true])
    expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([0, 1, 2, 4, 5])
    expect(new Set(batches.map(({ leaderEpoch }) => leaderEpoch))).toEqual(new Set([7]))
    const [header] = [...(batches[0]?.records() ?? [])]
    // Version 0, type 3; then version 0, the time, and no tagged fields.
    expect([header?.key?.toString('hex'), header?.value?.toString('hex')]).toEqual([
      '00000003',
      `0000${(1000).toString(16).padStart(16, '0')}00`,
    ])
    const [footer] = [...(batches[4]?.records() ?? [])]
    expect([footer?.key?.toString('hex'), footer?.value?.toString('hex')]).toEqual(['00000004', '000000'])
  })

  it('is refused with its name when it is cut short, wherever that is', () => {
    const bytes = whole()
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => decodeSnapshot(path, id, bytes.subarray(0, length))).toThrow(SnapshotError)
    }
    expect(() => decodeSnapshot(path, id, Buffer.alloc(0))).toThrow(`${path} is damaged: it ends without a footer`)
  })

  it('is refused when any byte of its records is another', () => {
    const bytes = whole()
    for (let at = 20; at < bytes.length; at += 5) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 0x40
      let decoded: unknown = null
      try {
        decoded = decodeSnapshot(path, id, damaged)
      } catch (error) {
        expect(error).toBeInstanceOf(SnapshotError)
      }
      // A batch's own offset and epoch are outside its checksum: they are compared instead.
      expect(decoded).toBeNull()
    }
  })

  it('is refused when it is of another epoch, or goes on behind its footer', () => {
    expect(() => decodeSnapshot(path, { endOffset: 250, epoch: 8 }, whole())).toThrow('a batch of epoch 7 in it')
    expect(() => decodeSnapshot(path, id, Buffer.concat([whole(), whole()]))).toThrow('bytes behind its footer')
  })
})
