import { beforeEach, describe, expect, it } from 'vitest'
import { PeerWatch } from '../../../broker/peer/broker-watch.ts'
import type { Network } from '../../../broker/ports/network.ts'
import { TestClock } from '../controller/harness.ts'
import { FakeNetwork } from './fake-network.ts'

let network: FakeNetwork
let clock: TestClock
let watch: PeerWatch
let told: string[]
beforeEach(() => {
  network = new FakeNetwork()
  clock = new TestClock()
  told = []
  watch = new PeerWatch({
    network: network as unknown as Network,
    clock,
    addressOf: (id) => (id === 9 ? null : { host: 'peer', port: 9000 + id }),
    gone: (id, epoch) => void told.push(`gone ${id}@${epoch}`),
    shaky: (id) => void told.push(`shaky ${id}`),
  })
})

describe('a broker that is watched', () => {
  it('is gone when its connection breaks and nobody listens there any more', () => {
    watch.watch({ id: 1, epoch: 5 })
    const connection = network.accept()
    connection.handlers.onClose()
    expect(told).toEqual([])
    network.refuse('ECONNREFUSED')
    expect(told).toEqual(['gone 1@5'])
    clock.advance(10_000)
    expect(network.attempts).toEqual([])
  })

  it('is gone when nobody listens there to begin with: a new controller finds out like that', () => {
    watch.watch({ id: 1, epoch: 5 })
    network.refuse('ECONNREFUSED')
    expect(told).toEqual(['gone 1@5'])
  })

  it('is only suspected when it can be reached again', () => {
    watch.watch({ id: 1, epoch: 5 })
    network.accept().handlers.onClose()
    network.accept()
    expect(told).toEqual(['shaky 1'])
  })

  it('is neither when its host does not answer: the session decides', () => {
    watch.watch({ id: 1, epoch: 5 })
    network.refuse('ETIMEDOUT')
    expect(told).toEqual([])
    clock.advance(1000)
    network.accept()
    expect(told).toEqual([])
  })

  it('is not taken for gone twice: a hint that was wrong once is worth nothing for that uptime', () => {
    watch.watch({ id: 1, epoch: 5 })
    network.refuse('ECONNREFUSED')
    watch.watch({ id: 1, epoch: 5 })
    expect(network.attempts).toEqual([])
    watch.watch({ id: 1, epoch: 6 })
    network.refuse('ECONNRESET')
    expect(told).toEqual(['gone 1@5', 'gone 1@6'])
  })

  it('is connected to once for each uptime, and let go', () => {
    watch.watch({ id: 1, epoch: 5 })
    const first = network.accept()
    watch.watch({ id: 1, epoch: 5 })
    expect(network.attempts).toEqual([])
    watch.watch({ id: 1, epoch: 6 })
    expect(first.isDestroyed).toBe(true)
    watch.unwatch(1)
    const late = network.accept()
    expect(late.isDestroyed).toBe(true)
    first.handlers.onClose()
    expect([told, network.attempts]).toEqual([[], []])
  })

  it('without an address is left to its session', () => {
    watch.watch({ id: 9, epoch: 5 })
    expect([told, network.attempts]).toEqual([[], []])
  })

  it('is left alone after close', () => {
    watch.watch({ id: 1, epoch: 5 })
    const connection = network.accept()
    watch.close()
    expect(connection.isDestroyed).toBe(true)
    connection.handlers.onClose()
    clock.advance(1000)
    expect([told, network.attempts]).toEqual([[], []])
  })
})
