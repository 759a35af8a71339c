import { describe, expect, it } from 'vitest'
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
    const [first, second] = peer.written.map(([buffer]) => buffer)
    expect(first?.buffer).toBe(second?.buffer)
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
