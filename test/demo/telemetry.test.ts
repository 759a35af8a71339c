import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { telemetrySerde } from '../../demo/telemetry.ts'

const reading = fc.record({
  sentAtMs: fc.double({ min: 1, max: 2 ** 53, noNaN: true }),
  sequence: fc.integer({ min: 1, max: 0xffff_ffff }),
  values: fc.float32Array({ minLength: 1, maxLength: 60, noNaN: true, noDefaultInfinity: true }),
})

describe('telemetry on the wire', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(reading, (value) => {
        const serde = telemetrySerde(value.values.length)
        const back = serde.decode(Buffer.from(serde.encode(value)))
        expect(back.sentAtMs).toBe(value.sentAtMs)
        expect(back.sequence).toBe(value.sequence)
        expect(Float32Array.from(back.values)).toEqual(value.values)
      }),
    )
  })

  it('takes 4 bytes a value and a dozen beside them', () => {
    const bytes = telemetrySerde(38).encode({ sentAtMs: 1.7e12, sequence: 9, values: new Float32Array(38).fill(0.5) })
    expect(bytes.length).toBeLessThanOrEqual(38 * 4 + 16)
  })

  it('rejects a wrong number of values, and values that are not finite', () => {
    const bytes = Buffer.from(telemetrySerde(3).encode({ sentAtMs: 1, sequence: 1, values: [1, 2, 3] }))
    expect(() => telemetrySerde(2).decode(bytes)).toThrow(TypeError)
    expect(() => telemetrySerde(4).decode(bytes)).toThrow(TypeError)
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const bad = Buffer.from(telemetrySerde(1).encode({ sentAtMs: 1, sequence: 1, values: [value] }))
      expect(() => telemetrySerde(1).decode(bad)).toThrow(TypeError)
    }
  })

  it('rejects every truncation and anything that is no reading', () => {
    const serde = telemetrySerde(38)
    const bytes = Buffer.from(serde.encode({ sentAtMs: 1.7e12, sequence: 300, values: new Float32Array(38).fill(0.5) }))
    for (let length = 0; length < bytes.length; length++)
      expect(() => serde.decode(bytes.subarray(0, length))).toThrow()
    expect(() => serde.decode(Buffer.from('{"values":[1,2,3]}'))).toThrow()
  })
})
