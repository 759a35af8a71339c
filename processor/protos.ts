import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'
import type { Serde } from '../client/serde/serde.ts'
import { assetPath } from '../proto/assets.ts'

/** Reads a schema of the package's `proto/` folder. */
function load(file: string): protobuf.Root {
  const source = readFileSync(assetPath(`proto/${file}`), 'utf8')
  return protobuf.parse(source).root
}

const roots = new Map<string, protobuf.Root>()

/** A message type of one of the package's schemas, by its full name; schemas are read when first asked for. */
export function messageType(file: string, name: string): protobuf.Type {
  const root = roots.get(file) ?? load(file)
  roots.set(file, root)
  return root.lookupType(name)
}

/**
 * Plain objects as protobuf: enums are their names, 64-bit integers are numbers, absent fields have their defaults.
 * Copies, so it is meant for records by the thousand per second, not by the million.
 */
export function messageSerde<T extends object>(type: protobuf.Type): Serde<T> {
  return {
    name: `protobuf ${type.name}`,
    encode: (value) => type.encode(type.fromObject(value)).finish(),
    decode: (encoded) => {
      const plain = type.toObject(type.decode(encoded), { longs: Number, enums: String, defaults: true, arrays: true })
      return plain as T
    },
  }
}
