import type { Serde } from './serde.ts'

/** Bytes as they are. A decoded value is a Buffer, a slice of what was fetched: copy it if it is kept for long. */
export const bytes: Serde<Uint8Array> = {
  name: 'bytes',
  encode: (value) => {
    if (!(value instanceof Uint8Array)) throw new TypeError(`a Uint8Array was expected, got ${typeof value}`)
    return value
  },
  decode: (encoded) => encoded,
}

/** UTF-8 text, as Kafka's StringSerializer. Bytes that are not UTF-8 decode to U+FFFD, as in Java. */
export const string: Serde<string> = {
  name: 'string',
  encode: (value) => Buffer.from(checked(value), 'utf8'),
  decode: (encoded) => encoded.toString('utf8'),
  toText: checked,
  fromText: (text) => text,
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A UUID as its 36 characters, as Kafka's UUIDSerializer writes it. */
export const uuid: Serde<string> = {
  name: 'uuid',
  encode: (value) => Buffer.from(checkedUuid(value), 'latin1'),
  decode: (encoded) => checkedUuid(encoded.toString('utf8')),
  toText: checkedUuid,
  fromText: checkedUuid,
}

function checked(value: string): string {
  if (typeof value !== 'string') throw new TypeError(`a string was expected, got ${typeof value}`)
  return value
}

function checkedUuid(value: string): string {
  if (typeof value !== 'string' || !UUID.test(value)) throw new TypeError('a UUID was expected')
  return value
}
