import { describe, expect, it } from 'vitest'
import { REPLY_WRITER_BYTES_MAX, REPLY_WRITERS_FREE_BYTES_MAX } from '../../../broker/limits.ts'
import type { Connection } from '../../../broker/ports/network.ts'
import { OutputQueue, ReplyWriters } from '../../../broker/server/output.ts'

const PIECE_BYTES = 1000

/** A socket that takes what the test lets it take. */
class FakePeer implements Connection {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 1
  bufferedBytes = 0
  /** What stays unsent of each write. */
  unsent = 0
  readonly written: (readonly Buffer[])[] = []
  private readonly waiting: (() => void)[] = []
  handlers: Connection['handlers'] = { onData: () => {}, onDrain: () => {}, onClose: () => {} }

  write(buffers: readonly Buffer[], taken?: () => void): void {
    this.written.push(buffers)
    this.bufferedBytes += this.unsent
    if (taken !== undefined) this.waiting.push(taken)
  }

  /** The kernel has everything. */
  drain(): void {
    this.bufferedBytes = 0
    for (const taken of this.waiting.splice(0)) taken()
  }

  text(): string {
    return Buffer.concat(this.written.flat()).toString()
  }

  pauseReading(): void {}
  resumeReading(): void {}
  end(): void {}
  destroy(): void {}
}

function reply(queue: OutputQueue, text: string): void {
  queue.writer.raw(Buffer.from(text))
}

/** Where in memory the last part of a write lies: its ArrayBuffer, told apart by a number, and its offset there. */
function placeOf(written: readonly Buffer[]): string {
  const buffer = written.at(-1)
  const backing = buffer?.buffer as ArrayBufferLike
  let number = backings.indexOf(backing)
  if (number < 0) number = backings.push(backing) - 1
  return `${number}:${buffer?.byteOffset}`
}

const backings: ArrayBufferLike[] = []

describe('OutputQueue', () => {
  it('sends the replies of a turn in one write, those written elsewhere in their place', () => {
    const peer = new FakePeer()
    const queue = new OutputQueue(peer, PIECE_BYTES, new ReplyWriters())
    reply(queue, 'one ')
    queue.add([Buffer.from('two '), Buffer.from('three ')])
    reply(queue, 'four')
    expect(queue.bytes).toBe('one two three four'.length)
    queue.send(0)
    expect(peer.written.length).toBe(1)
    expect(peer.text()).toBe('one two three four')
    expect(queue.isEmpty).toBe(true)
  })

  it('writes replies into the same memory again once the kernel has them', () => {
    const peer = new FakePeer()
    const writers = new ReplyWriters()
    const queues = [new OutputQueue(peer, PIECE_BYTES, writers), new OutputQueue(peer, PIECE_BYTES, writers)]
    for (const [index, queue] of queues.entries()) {
      reply(queue, `reply ${index}`)
      queue.send(0)
    }
    const [first, second] = peer.written.map(placeOf)
    expect(first).toEqual(second)
  })

  it('does the same for hundreds of connections that are answered at once', () => {
    const peer = new FakePeer()
    const writers = new ReplyWriters()
    const queues = Array.from({ length: 500 }, () => new OutputQueue(peer, PIECE_BYTES, writers))
    for (let turn = 0; turn < 2; turn++) {
      for (const queue of queues) reply(queue, 'reply')
      for (const queue of queues) queue.send(0)
    }
    const places = peer.written.map(placeOf)
    expect(new Set(places.slice(500))).toEqual(new Set(places.slice(0, 500)))
  })

  it('keeps a bounded amount of memory, however many were answered at once', () => {
    const peer = new FakePeer()
    const writers = new ReplyWriters()
    const queues = Array.from({ length: 40 }, () => new OutputQueue(peer, REPLY_WRITER_BYTES_MAX, writers))
    // In small pieces, as large ones would be sent without a copy, until the memory has grown to the most that is kept.
    const pieces = Array.from({ length: REPLY_WRITER_BYTES_MAX / 512 - 1 }, () => 'x'.repeat(512))
    for (let turn = 0; turn < 2; turn++) {
      for (const queue of queues) for (const piece of pieces) reply(queue, piece)
      for (const queue of queues) queue.send(0)
    }
    const before = new Set(peer.written.slice(0, 40).map(placeOf))
    const kept = peer.written.slice(40).filter((written) => before.has(placeOf(written)))
    expect(kept.length).toBe(REPLY_WRITERS_FREE_BYTES_MAX / REPLY_WRITER_BYTES_MAX)
  })

  it('leaves memory alone that the kernel has not taken, whatever is answered meanwhile', () => {
    const peer = new FakePeer()
    const queue = new OutputQueue(peer, PIECE_BYTES, new ReplyWriters())
    peer.unsent = 1
    const texts = ['first ', 'second ', 'third ']
    for (const text of texts) {
      reply(queue, text)
      queue.send(0)
    }
    expect(peer.text()).toBe(texts.join(''))
  })

  it('hands over a bounded piece at a time while the peer does not read', () => {
    const peer = new FakePeer()
    const queue = new OutputQueue(peer, PIECE_BYTES, new ReplyWriters())
    const text = 'x'.repeat(2500)
    reply(queue, text)
    peer.unsent = 100_000
    queue.send(0)
    reply(queue, 'last')
    queue.send(0)
    expect(peer.text().length).toBe(PIECE_BYTES)
    peer.unsent = 0
    peer.drain()
    queue.drained()
    queue.send(0)
    expect(peer.text()).toBe(`${text}last`)
  })

  it('tells whoever wants to know when the bytes queued until then have left, in order', () => {
    const peer = new FakePeer()
    const queue = new OutputQueue(peer, PIECE_BYTES, new ReplyWriters())
    const heard: string[] = []
    reply(queue, 'a'.repeat(600))
    queue.notify(() => heard.push('a'))
    reply(queue, 'b'.repeat(600))
    queue.notify(() => heard.push('b'))
    peer.unsent = 100_000
    queue.send(0)
    peer.drain()
    expect(heard).toEqual(['a'])
    peer.unsent = 0
    queue.drained()
    queue.send(0)
    peer.drain()
    expect(heard).toEqual(['a', 'b'])
  })
})
