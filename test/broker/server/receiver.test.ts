import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireError } from '../../../proto/kafka/wire-error.ts'
import { AssemblyPool, FrameReceiver } from '../../../broker/server/receiver.ts'

const SLOT_BYTES = 1000

function framed(body: Buffer): Buffer {
  const frame = Buffer.alloc(4 + body.length)
  frame.writeInt32BE(body.length)
  body.copy(frame, 4)
  return frame
}

const textOf = (bytes: Buffer) => bytes.toString('latin1')

/** Feeds the stream cut at the given sizes, each chunk in memory that is overwritten afterwards, as a socket's is. */
function feed(receiver: FrameReceiver, stream: Buffer, cuts: readonly number[]): Buffer[] {
  const taken: Buffer[] = []
  let position = 0
  for (let index = 0; position < stream.length; index += 1) {
    const size = cuts.length === 0 ? stream.length : (cuts[index % cuts.length] ?? 1)
    const chunk = Buffer.from(stream.subarray(position, position + size))
    receiver.push(chunk, (buffer, start, end, isOwn) => {
      const frame = buffer.subarray(start, end)
      taken.push(isOwn ? frame : Buffer.from(frame))
    })
    chunk.fill(0xee)
    position += size
  }
  return taken
}

describe('FrameReceiver', () => {
  it('gives the same frames however the stream is cut, and gives every lent place back', () => {
    const bodies = fc.array(fc.integer({ min: 0, max: 3 * SLOT_BYTES }), { maxLength: 12 })
    const cuts = fc.array(fc.integer({ min: 1, max: 1500 }), { maxLength: 6 })
    fc.assert(
      fc.property(bodies, cuts, (sizes, sizesOfChunks) => {
        const pool = new AssemblyPool(2, SLOT_BYTES)
        const expected = sizes.map((size, index) => Buffer.alloc(size, index + 1))
        const receiver = new FrameReceiver(1_000_000, pool)
        const frames = feed(receiver, Buffer.concat(expected.map(framed)), sizesOfChunks)
        // As text: vitest compares buffers byte by byte, which takes seconds here.
        expect(frames.map(textOf)).toEqual(expected.map(textOf))
        expect(receiver.bufferedBytes).toBe(0)
        expect(pool.freeSlots).toBe(2)
      }),
    )
  })

  it('works on when more connections have a frame under way than there are places', () => {
    const pool = new AssemblyPool(1, SLOT_BYTES)
    const receivers = [1, 2, 3].map(() => new FrameReceiver(1000, pool))
    const taken: string[] = []
    const take = (buffer: Buffer, start: number, end: number) => taken.push(buffer.toString('utf8', start, end))
    const frames = ['one', 'two', 'three'].map((text) => framed(Buffer.from(text)))
    frames.forEach((frame, index) => receivers[index]?.push(frame.subarray(0, 6), take))
    expect(pool.freeSlots).toBe(0)
    frames.forEach((frame, index) => receivers[index]?.push(frame.subarray(6), take))
    expect(taken).toEqual(['one', 'two', 'three'])
    expect(pool.freeSlots).toBe(1)
  })

  it('refuses a negative length and one above the ceiling, whole or in pieces', () => {
    for (const hex of ['ffffffff', '80000000', '7fffffff', '000003e9']) {
      for (const step of [1, 4]) {
        const receiver = new FrameReceiver(1000, new AssemblyPool(1, SLOT_BYTES))
        const bytes = Buffer.from(hex, 'hex')
        expect(() => {
          for (let at = 0; at < 4; at += step) receiver.push(bytes.subarray(at, at + step), () => {})
        }).toThrow(WireError)
      }
    }
  })

  it('allocates for bytes that arrived, not for a length that is claimed', () => {
    const receiver = new FrameReceiver(2 ** 31 - 1, new AssemblyPool(1, SLOT_BYTES))
    const before = process.memoryUsage().arrayBuffers
    const head = Buffer.alloc(1004)
    head.writeInt32BE(2 ** 30)
    receiver.push(head, () => {})
    expect(receiver.bufferedBytes).toBeLessThanOrEqual(1008)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
  })

  it('gives its place back when the connection goes in the middle of a frame', () => {
    const pool = new AssemblyPool(1, SLOT_BYTES)
    const receiver = new FrameReceiver(1000, pool)
    receiver.push(framed(Buffer.from('half')).subarray(0, 6), () => {})
    expect(pool.freeSlots).toBe(0)
    receiver.clear()
    expect(pool.freeSlots).toBe(1)
  })

  it('gives its place back when the frame breaks who takes it', () => {
    const pool = new AssemblyPool(1, SLOT_BYTES)
    const receiver = new FrameReceiver(1000, pool)
    const frame = framed(Buffer.from('bad'))
    receiver.push(frame.subarray(0, 5), () => {})
    expect(() =>
      receiver.push(frame.subarray(5), () => {
        throw new Error('broken')
      }),
    ).toThrow('broken')
    expect(pool.freeSlots).toBe(1)
  })
})
