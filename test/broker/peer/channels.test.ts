import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BrokerView } from '../../../broker/controller/view.ts'
import { PeerChannels } from '../../../broker/peer/channels.ts'
import type { Network } from '../../../broker/ports/network.ts'
import { seededRandom, TestClock } from '../controller/harness.ts'
import { FakeNetwork } from './fake-network.ts'

const configured = [
  { id: 1, host: 'one', port: 9091 },
  { id: 2, host: 'two', port: 9092 },
]

let brokers: Map<number, Partial<BrokerView>>
let voters: typeof configured
let channels: PeerChannels
beforeEach(() => {
  brokers = new Map()
  voters = configured
  channels = new PeerChannels({
    network: new FakeNetwork() as unknown as Network,
    clock: new TestClock(),
    random: seededRandom(1),
    nodeId: 1,
    configured,
    voters: () => voters,
    metadata: () => ({ broker: (id: number) => brokers.get(id) as BrokerView | undefined }),
  })
})
afterEach(() => channels.close())

describe('the ways to the other brokers', () => {
  it('are one for each purpose, made once', () => {
    const quorum = channels.to(2, 'quorum')
    expect(quorum?.address).toMatchObject({ host: 'two', port: 9092 })
    expect(channels.to(2, 'quorum')).toBe(quorum)
    expect(channels.to(2, 'fetch')).not.toBe(quorum)
  })

  it('lead nowhere for this node, for a stranger, and for a broker without a listener for others', () => {
    brokers.set(8, { peerHost: '', peerPort: 0 })
    expect([channels.to(1, 'control'), channels.to(7, 'control'), channels.to(8, 'control')]).toEqual([
      null,
      null,
      null,
    ])
  })

  it('follow a broker without a vote to where it has registered', () => {
    brokers.set(4, { peerHost: 'here', peerPort: 1 })
    const before = channels.to(4, 'fetch')
    expect(before?.address).toMatchObject({ host: 'here', port: 1 })
    brokers.set(4, { peerHost: 'there', peerPort: 2 })
    const after = channels.to(4, 'fetch')
    expect(after?.address).toMatchObject({ host: 'there', port: 2 })
    expect(channels.to(4, 'fetch')).toBe(after)
  })

  it('lead to a voter that joined later, although it is in no configuration', () => {
    expect(channels.to(3, 'quorum')).toBeNull()
    voters = [...configured, { id: 3, host: 'three', port: 9093 }]
    expect(channels.to(3, 'quorum')?.address).toMatchObject({ host: 'three', port: 9093 })
  })

  it('are no more after close', () => {
    channels.close()
    expect(channels.to(2, 'quorum')).toBeNull()
  })
})
