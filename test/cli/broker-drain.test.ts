import { describe, expect, it } from 'vitest'
import { drainMoves } from '../../cli/commands/broker-drain.ts'
import type { BrokerDescription, TopicDescription } from '../../client/index.ts'

const broker = (id: number, rack: string | null = null, fenced = false): BrokerDescription => ({
  id,
  host: 'h',
  port: 9092,
  rack,
  fenced,
  controller: false,
})

function topic(name: string, ...replicas: readonly (readonly number[])[]): TopicDescription {
  const partitions = replicas.map((held, partition) => ({ partition, replicas: held }))
  return { name, partitions } as unknown as TopicDescription
}

describe('draining a broker', () => {
  it('gives each of its replicas to the one that holds least, and keeps the order of preference', () => {
    const brokers = [broker(1), broker(2), broker(3), broker(4)]
    const topics = [topic('a', [4, 1], [2, 4], [1, 2]), topic('b', [1, 2])]
    expect(drainMoves(4, brokers, topics)).toEqual([
      { topic: 'a', partition: 0, replicas: [3, 1] },
      { topic: 'a', partition: 1, replicas: [2, 3] },
    ])
  })

  it('prefers a rack that has no replica yet', () => {
    const brokers = [broker(1, 'a'), broker(2, 'a'), broker(3, 'b'), broker(4, 'b')]
    const moves = drainMoves(4, brokers, [topic('t', [1, 4]), topic('busy', [3], [3], [3])])
    expect(moves).toEqual([{ topic: 't', partition: 0, replicas: [1, 3] }])
  })

  it('gives nothing to a broker that does not serve, and says who is missing', () => {
    const brokers = [broker(1), broker(2), broker(3, null, true)]
    expect(() => drainMoves(2, brokers, [topic('t', [1, 2])])).toThrow(
      't-0 has 2 replicas, and no other broker that serves is without one: start another broker first',
    )
  })

  it('has nothing to do where the broker holds nothing', () => {
    expect(drainMoves(3, [broker(1), broker(3)], [topic('t', [1])])).toEqual([])
  })
})
