import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireError } from '../../../proto/kafka/wire-error.ts'
import { Arenas } from '../../../broker/log/arenas.ts'
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

  it('takes nothing more once the connection is gone, even in the middle of what was read', () => {
    const pool = new AssemblyPool(1, SLOT_BYTES)
    const receiver = new FrameReceiver(1000, pool)
    let taken = 0
    receiver.push(Buffer.concat([framed(Buffer.from('bad')), framed(Buffer.from('next')), Buffer.alloc(5)]), () => {
      taken += 1
      receiver.clear()
    })
    expect(taken).toBe(1)
    expect(pool.freeSlots).toBe(1)
  })
})

const CHUNK_BYTES = 256 * 1024

/** A socket that reads to where it is asked to, as much at a time as the cuts say, and otherwise to memory that is reused. */
class Socket {
  private readonly shared = Buffer.alloc(512 * 1024)
  private readonly receiver: FrameReceiver

  constructor(receiver: FrameReceiver) {
    this.receiver = receiver
  }

  send(stream: Buffer, cuts: readonly number[], take: (buffer: Buffer, start: number, end: number) => void): void {
    let position = 0
    for (let index = 0; position < stream.length; index += 1) {
      const wanted = this.receiver.target
      const target = wanted ?? this.shared
      const cut = cuts.length === 0 ? stream.length : (cuts[index % cuts.length] ?? 1)
      const size = Math.min(cut, target.length, stream.length - position)
      stream.copy(target, 0, position, position + size)
      this.receiver.push(target.subarray(0, size), take)
      if (wanted === null) target.fill(0xee, 0, size)
      position += size
    }
  }
}

describe('FrameReceiver, with chunks to read large frames into', () => {
  it('gives the same frames however the stream is cut, and leaves what was kept where it lies', () => {
    const body = fc.integer({ min: 0, max: 90_000 })
    const bodies = fc.array(fc.record({ size: body, isKept: fc.boolean() }), { maxLength: 20 })
    const large = fc.integer({ min: 10_000, max: 200_000 })
    const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), large), { maxLength: 6 })
    fc.assert(
      fc.property(bodies, cuts, large, (frames, cutsOfReads, last) => {
        const sizesOfReads = [...cutsOfReads, last]
        const arenas = new Arenas(10 * CHUNK_BYTES, CHUNK_BYTES)
        const sockets = [1, 2].map(
          () => new Socket(new FrameReceiver(1_000_000, new AssemblyPool(2, SLOT_BYTES), arenas)),
        )
        const expected = frames.map(({ size }, index) => Buffer.alloc(size, index + 1))
        const stream = Buffer.concat(expected.map(framed))
        for (const socket of sockets) {
          const kept: { readonly index: number; readonly bytes: Buffer }[] = []
          const taken: string[] = []
          socket.send(stream, sizesOfReads, (buffer, start, end) => {
            const bytes = buffer.subarray(start, end)
            const index = taken.push(textOf(bytes)) - 1
            const arena = arenas.lentWith(bytes)
            if (arena === null || frames[index]?.isKept !== true) return
            arenas.keep(arena, bytes.byteOffset, bytes.byteOffset + bytes.length)
            arena.runs += 1
            kept.push({ index, bytes })
          })
          expect(taken.join() === expected.map(textOf).join()).toBe(true)
          expect(kept.every(({ index, bytes }) => bytes.equals(expected[index]!))).toBe(true)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('copies nothing of a large frame but what arrived before its chunk was chosen', () => {
    const arenas = new Arenas(10 * CHUNK_BYTES, CHUNK_BYTES)
    const receiver = new FrameReceiver(1_000_000, new AssemblyPool(1, SLOT_BYTES), arenas)
    const stream = Buffer.concat([1, 2, 3].map((fill) => framed(Buffer.alloc(40_000, fill))))
    const places: number[] = []
    new Socket(receiver).send(stream, [50_000], (buffer, start, end) => {
      const arena = arenas.lentWith(buffer)
      if (arena === null) return
      const place = buffer.byteOffset + start
      places.push(place)
      arenas.keep(arena, place, place + end - start)
    })
    // The first came whole, the second in parts, the third was read where the second ended.
    expect(places).toEqual([0, 40_004])
  })

  it('lends no chunk for small frames, nor for one that would leave most of it unused', () => {
    const arenas = new Arenas(10 * CHUNK_BYTES, CHUNK_BYTES)
    const receiver = new FrameReceiver(1_000_000, new AssemblyPool(1, SLOT_BYTES), arenas)
    for (const size of [100, CHUNK_BYTES]) {
      const frame = framed(Buffer.alloc(size))
      receiver.push(frame.subarray(0, 50), () => {})
      expect(receiver.target).toBeNull()
      receiver.push(frame.subarray(50), () => {})
    }
  })

  it('gives its chunk back when the connection goes in the middle of a frame', () => {
    const arenas = new Arenas(10 * CHUNK_BYTES, CHUNK_BYTES)
    const half = framed(Buffer.alloc(40_000)).subarray(0, 20_000)
    const lentAtOnce = () => {
      const lent = []
      for (let arena = arenas.lend(1); arena !== null; arena = arenas.lend(1)) lent.push(arena)
      for (const arena of lent) arenas.giveBack(arena)
      return lent.length
    }
    const all = lentAtOnce()
    const receiver = new FrameReceiver(1_000_000, new AssemblyPool(1, SLOT_BYTES), arenas)
    receiver.push(half, () => {})
    expect(lentAtOnce()).toBe(all - 1)
    receiver.clear()
    expect(receiver.target).toBeNull()
    expect(lentAtOnce()).toBe(all)
  })
})
