import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reader } from '../../../proto/kafka/reader.ts'
import { TextCache } from '../../../proto/kafka/text-cache.ts'
import { Writer } from '../../../proto/kafka/writer.ts'

describe('TextCache', () => {
  it('gives the very texts and ids that a reader without it decodes, whatever came before', () => {
    const texts = new TextCache()
    const text = fc.oneof(
      fc.constantFrom('orders-1', 'orders-2', 'sredro-1'),
      fc.string({ maxLength: 80, unit: 'grapheme' }),
    )
    const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, id), { maxLength: 20 }), (fields) => {
        const writer = new Writer()
        for (const [name, bytes] of fields) {
          writer.compactString(name)
          writer.raw(Buffer.from(bytes))
        }
        const bytes = writer.toBuffer()
        const [plain, cached] = [new Reader(bytes), new Reader(bytes, 0, bytes.length, { texts })]
        for (const [name] of fields) {
          expect(cached.compactString()).toBe(name)
          expect(plain.compactString()).toBe(name)
          expect(cached.uuid()).toBe(plain.uuid())
        }
      }),
    )
  })

  it('keeps its own copy: the bytes it was shown may change', () => {
    const texts = new TextCache()
    const bytes = Buffer.from('topic')
    expect(texts.text(bytes, 0, 5)).toBe('topic')
    bytes.write('tapic')
    expect(texts.text(bytes, 0, 5)).toBe('tapic')
    bytes.write('topic')
    expect(texts.text(bytes, 0, 5)).toBe('topic')
  })
})
