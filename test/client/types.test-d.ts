/**
 * What the types of the SDK must infer, checked by `tsc -p tsconfig.test.json`: a wrong inference is a compile error here.
 */
import { expectTypeOf } from 'vitest'
import {
  bytes,
  type Client,
  type CommitOffset,
  type ConsumerBatch,
  type ConsumerRecord,
  int32,
  json,
  msgpack,
  protobuf,
  type ProtobufType,
  type RecordMetadata,
  type RecordOf,
  type Serde,
  type SerdeType,
  type StandardSchema,
  string,
  type Topic,
  topic,
} from '../../client/index.ts'

interface Bid {
  readonly auction: number
  readonly price: number
}

declare const client: Client
declare const bidSchema: StandardSchema<unknown, Bid>
declare const pointType: ProtobufType<{ x: number }>

const Bids = topic('bids', { key: string, value: json(bidSchema) })
const Counts = topic('counts', { key: int32, value: json<{ n: number }>() })
const Loose = topic('loose')
const Raw = topic('raw', { key: bytes, value: bytes })

// Topics know their name, key and value.
expectTypeOf(Bids).toEqualTypeOf<Topic<string, Bid, 'bids'>>()
expectTypeOf(Counts).toEqualTypeOf<Topic<number, { n: number }, 'counts'>>()
expectTypeOf(Loose).toEqualTypeOf<Topic<string, unknown, 'loose'>>()
expectTypeOf(topic(String(1), { value: string })).toEqualTypeOf<Topic<string, string, string>>()
expectTypeOf(Bids).toExtend<Topic>()

// Serdes.
expectTypeOf(json(bidSchema)).toEqualTypeOf<Serde<Bid>>()
expectTypeOf(json()).toEqualTypeOf<Serde<unknown>>()
expectTypeOf(msgpack<Bid>()).toEqualTypeOf<Serde<Bid>>()
expectTypeOf(protobuf(pointType)).toEqualTypeOf<Serde<{ x: number }>>()
expectTypeOf<SerdeType<typeof int32>>().toEqualTypeOf<number>()
expectTypeOf<SerdeType<typeof bytes>>().toEqualTypeOf<Uint8Array>()

// Producing: keys and values follow the topic, never the other way round.
const producer = client.producer()
expectTypeOf(producer.send(Bids, [{ key: 'a', value: { auction: 1, price: 2 } }])).toEqualTypeOf<
  Promise<RecordMetadata[]>
>()
expectTypeOf(producer.write(Bids, { value: null })).toEqualTypeOf<undefined | Promise<void>>()
void producer.send(Bids, [
  { value: { auction: 1, price: 2 }, headers: { a: 'x', b: Buffer.alloc(1) }, partition: 1, timestamp: 5 },
])
void producer.send(
  Bids,
  [
    {
      value: null,
      headers: [
        ['a', 'x'],
        ['a', null],
      ],
    },
  ],
  { signal: AbortSignal.abort() },
)
// @ts-expect-error a value is needed, if only null
void producer.send(Bids, [{ key: 'a' }])
// @ts-expect-error the key is a string
void producer.send(Bids, [{ key: 1, value: { auction: 1, price: 2 } }])
// @ts-expect-error the value is a Bid
void producer.send(Bids, [{ key: 'a', value: { auction: 'x' } }])
// @ts-expect-error a tombstone has a null value, not undefined
void producer.write(Counts, { key: 1, value: undefined })
// @ts-expect-error no such codec
client.producer({ compression: 'brotli' })

// Consuming: one topic.
const consumer = client.consumer({ group: 'g', topics: [Bids] })
for await (const record of consumer.records()) {
  expectTypeOf(record).toEqualTypeOf<ConsumerRecord<string, Bid, 'bids'>>()
  expectTypeOf(record.key).toEqualTypeOf<string | null>()
  expectTypeOf(record.value).toEqualTypeOf<Bid | null>()
  expectTypeOf(record.offset).toEqualTypeOf<number>()
  // @ts-expect-error records are read-only
  record.offset = 5
  await consumer.commit(record)
}
for await (const batch of consumer.batches()) {
  expectTypeOf(batch).toEqualTypeOf<ConsumerBatch<string, Bid, 'bids'>>()
  for (const record of batch) expectTypeOf(record.value).toEqualTypeOf<Bid | null>()
  await consumer.commit(batch)
}
expectTypeOf(consumer.committed()).toEqualTypeOf<Promise<CommitOffset[]>>()
expectTypeOf<RecordOf<typeof Raw>>().toEqualTypeOf<ConsumerRecord<Uint8Array, Uint8Array, 'raw'>>()

// Consuming: the topic's name tells records of several topics apart.
for await (const record of client.consumer({ group: 'g', topics: [Bids, Counts] }).records()) {
  expectTypeOf(record.topic).toEqualTypeOf<'bids' | 'counts'>()
  if (record.topic === 'bids') expectTypeOf(record.value).toEqualTypeOf<Bid | null>()
  else expectTypeOf(record.key).toEqualTypeOf<number | null>()
}
// @ts-expect-error topics are descriptors, not names
client.consumer({ group: 'g', topics: ['bids'] })
// @ts-expect-error no such assignor
client.consumer({ group: 'g', topics: [Bids], assignors: ['fair'] })

// Everything closable can be used with `await using`.
expectTypeOf(client).toExtend<AsyncDisposable>()
expectTypeOf(producer).toExtend<AsyncDisposable>()
expectTypeOf(consumer).toExtend<AsyncDisposable>()
expectTypeOf(client.admin()).toExtend<AsyncDisposable>()
