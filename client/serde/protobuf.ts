import type { Serde } from './serde.ts'

/** The part of a protobufjs `Type` (or generated message class) that the serde uses. */
export interface ProtobufType<T> {
  readonly name?: string
  encode(message: T): { finish(): Uint8Array }
  decode(encoded: Uint8Array): unknown
  verify(message: { [field: string]: unknown }): string | null
}

/**
 * Protocol Buffers through a protobufjs `Type`. Values are verified before they are written; decoded values are the
 * library's own message objects (64-bit fields come as protobufjs is set up: numbers, or Long when that is installed).
 */
export function protobuf<T extends object>(type: ProtobufType<T>): Serde<T> {
  return {
    name: `protobuf ${type.name ?? ''}`.trimEnd(),
    encode: (value) => {
      const problem = type.verify(value as { [field: string]: unknown })
      if (problem !== null) throw new TypeError(problem)
      return type.encode(value).finish()
    },
    decode: (encoded) => type.decode(encoded) as T,
  }
}
