import { describe, expect, it } from 'vitest'
import { NEVER_FLEXIBLE } from '../../../proto/kafka/api.ts'
import { apisByKey } from '../../../proto/kafka/generated/apis.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import { fillDefaults, messageNames, messageSchema, toJson } from '../../../proto/kafka/schema/fill.ts'
import { Writer } from '../../../proto/kafka/writer.ts'
import { readerOf, writerOf } from './codecs.ts'
import { readLines, type GoldenMessage } from './fixtures.ts'

const golden = readLines<GoldenMessage>('messages')
const byMessage = new Map<string, GoldenMessage[]>()
for (const sample of golden) byMessage.set(sample.message, [...(byMessage.get(sample.message) ?? []), sample])

describe('messages that Kafka 4.3 wrote, its own samples of every version', () => {
  for (const name of messageNames) {
    const read = readerOf(name)
    const write = writerOf(name)
    const samples = byMessage.get(name) ?? []

    it(`${name}: every version is sampled`, () => {
      const { from, to } = messageSchema(name).versions
      const sampled = [...new Set(samples.map((sample) => sample.version))].sort((a, b) => a - b)
      expect(sampled).toEqual(Array.from({ length: to - from + 1 }, (_, index) => from + index))
    })

    it(`${name}: bytes decode to the value, with nothing left over`, () => {
      for (const { version, value, hex } of samples) {
        const bytes = Buffer.from(hex, 'hex')
        const reader = new Reader(bytes, 0, bytes.length, { exact: true })
        expect(toJson(name, read(reader, version), version), `version ${version}`).toEqual(value)
        expect(reader.remaining).toBe(0)
      }
    })

    it(`${name}: the value encodes to the bytes`, () => {
      for (const { version, value, hex } of samples) {
        const writer = new Writer(4)
        write(writer, fillDefaults(name, value, version), version)
        expect(writer.size).toBe(hex.length / 2)
        expect(writer.toBuffer().toString('hex'), `version ${version}`).toBe(hex)
      }
    })
  }

  it('covers the API keys that are served, and prints how many of 93 (0 to 92; Kafka 4 dropped 4 to 7)', () => {
    const keysOf = (samples: readonly GoldenMessage[]): Set<number> =>
      new Set(samples.filter(({ message }) => /(Request|Response)$/.test(message)).map(({ key }) => key ?? -1))
    const covered = keysOf(golden.filter(({ message }) => messageNames.includes(message)))
    const all = keysOf(golden)
    process.stdout.write(`${covered.size} of ${Math.max(...all) + 1} keys covered\n`)
    expect(all.size).toBe(89)
    expect([...covered].sort((a, b) => a - b)).toEqual([...apisByKey.keys()])
    expect(covered.size).toBeGreaterThanOrEqual(30)
  })

  it('the table of APIs has the versions and flexible versions that Kafka advertises', () => {
    const advertised = new Map([...apisByKey.values()].map((api) => [api.key, [api.minVersion, api.maxVersion]]))
    expect(advertised.get(0)).toEqual([0, 13])
    expect(advertised.get(1)).toEqual([4, 18])
    expect(advertised.get(22)).toEqual([0, 5])
    for (const api of apisByKey.values()) {
      const { versions, flexibleFrom } = messageSchema(`${api.name}Request`)
      expect([api.minCodecVersion, api.maxCodecVersion]).toEqual([versions.from, versions.to])
      expect(api.flexibleFrom).toBe(flexibleFrom ?? NEVER_FLEXIBLE)
      expect(api.maxVersion).toBeLessThanOrEqual(api.maxCodecVersion)
    }
  })
})
