/** Shapes of the record routes. Source of `generated/schemas.ts`; never loaded at run time (typebox is not installed with the package). */
import { type Static, Type } from 'typebox'

/** One schema with two types, not a union: a union would let the validator turn null into '' or back. */
export const NullableString = Type.Unsafe<string | null>({ type: ['string', 'null'] })

/** Not Type.Record: its pattern lets names with line breaks through unchecked. */
const Headers = Type.Unsafe<Readonly<Record<string, string | null>>>({
  type: 'object',
  additionalProperties: { type: ['string', 'null'] },
  description: 'Record headers; values are written as UTF-8.',
})

export const ProduceRecord = Type.Object(
  {
    value: Type.Unknown({
      description:
        'Stored as the JSON text that was sent, byte for byte. null is a tombstone. In msgpack bodies a binary value is stored as it is, any other as JSON text.',
    }),
    key: Type.Optional(
      Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: 'Written as UTF-8. Equal keys share a partition (murmur2, as in every Kafka client).',
      }),
    ),
    headers: Type.Optional(Headers),
    partition: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2147483647, description: 'Default: by key, without a key any one.' }),
    ),
    timestamp: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Milliseconds since the epoch; default now.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ProduceRecord = Static<typeof ProduceRecord>

export const ProduceBody = Type.Union([ProduceRecord, Type.Array(ProduceRecord, { minItems: 1, maxItems: 10_000 })])
export type ProduceBody = Static<typeof ProduceBody>

/** Which names are allowed is Kafka's to say (INVALID_TOPIC_EXCEPTION). */
export const TopicParams = Type.Object({ topic: Type.String({ minLength: 1 }) })
export type TopicParams = Static<typeof TopicParams>

export const ProduceQuery = Type.Object(
  {
    acks: Type.Optional(
      Type.Enum(['all', '1', '0'], {
        type: 'string',
        description:
          'all (default): as durable as the broker is set to. 1: written by the leader. 0: taken up, answered 202.',
      }),
    ),
    key: Type.Optional(Type.String({ description: 'Key of a binary (application/octet-stream) record.' })),
    partition: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2147483647, description: 'Partition of a binary record.' }),
    ),
  },
  { additionalProperties: false },
)
export type ProduceQuery = Static<typeof ProduceQuery>

export const Placed = Type.Object({
  partition: Type.Integer(),
  offset: Type.Integer({ description: '-1 when it is not known: acks=0, or the record failed.' }),
})
export type Placed = Static<typeof Placed>

export const ProduceReply = Type.Object({
  topic: Type.String(),
  offsets: Type.Array(Placed, { description: 'One for each record, in order.' }),
})
export type ProduceReply = Static<typeof ProduceReply>

export const PartitionParams = Type.Object({
  topic: Type.String({ minLength: 1 }),
  partition: Type.Integer({ minimum: 0, maximum: 2147483647 }),
})
export type PartitionParams = Static<typeof PartitionParams>

export const ReadQuery = Type.Object(
  {
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Default: the first offset there is.',
      }),
    ),
    max: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Most records. Default 100.' })),
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        description: 'Milliseconds to wait for a first record. Default 0.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ReadQuery = Static<typeof ReadQuery>

const TextEncoding = Type.Unsafe<'text' | 'base64' | null>({
  enum: ['text', 'base64', null],
  description: 'base64 when the bytes are not UTF-8; null for null.',
})

const ValueEncoding = Type.Unsafe<'json' | 'text' | 'base64' | null>({
  enum: ['json', 'text', 'base64', null],
  description:
    'json when the bytes are JSON text (shown as it is stored), text when UTF-8, else base64; null for null.',
})

export const ReadRecord = Type.Object({
  partition: Type.Integer(),
  offset: Type.Integer(),
  timestamp: Type.Integer({ description: 'Milliseconds since the epoch; -1 when there is none.' }),
  key: NullableString,
  keyEncoding: TextEncoding,
  value: Type.Unknown(),
  valueEncoding: ValueEncoding,
  headers: Type.Array(Type.Object({ key: Type.String(), value: NullableString, valueEncoding: TextEncoding })),
})
export type ReadRecord = Static<typeof ReadRecord>

export const ReadReply = Type.Object({
  records: Type.Array(ReadRecord),
  nextOffset: Type.Integer({ description: 'Where to go on.' }),
  highWatermark: Type.Integer(),
})
export type ReadReply = Static<typeof ReadReply>

export const EventsQuery = Type.Object(
  {
    from: Type.Optional(
      Type.Enum(['earliest', 'latest'], {
        type: 'string',
        description: 'Where to begin; default latest. A Last-Event-ID header goes before.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type EventsQuery = Static<typeof EventsQuery>
