import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PlacementError, placeReplicas } from '../../../broker/controller/placement.ts'
import type { BrokerView } from '../../../broker/controller/view.ts'
import { seededRandom } from './harness.ts'

function broker(id: number, rack: string | null = null, fenced = false): BrokerView {
  return { id, epoch: 0, host: 'h', port: 1, rack, fenced, inControlledShutdown: false, peerHost: '', peerPort: 0 }
}

function spread(values: readonly number[], keys: readonly number[]): number {
  const counts = keys.map((key) => values.filter((value) => value === key).length)
  return Math.max(...counts) - Math.min(...counts)
}

describe('placement', () => {
  it('puts the only broker everywhere', () => {
    expect(placeReplicas([broker(1)], 3, 1, seededRandom(1))).toEqual([[1], [1], [1]])
  })

  it('uses every rack before any rack twice, balances leaders and replicas', () => {
    const brokers = [1, 2, 3, 4, 5, 6].map((id) => broker(id, `r${id % 3}`))
    const placed = placeReplicas(brokers, 600, 3, seededRandom(2))
    for (const replicas of placed) expect(new Set(replicas.map((id) => id % 3)).size).toBe(3)
    const ids = brokers.map(({ id }) => id)
    expect(
      spread(
        placed.map(([leader]) => leader),
        ids,
      ),
    ).toBeLessThanOrEqual(2)
    expect(spread(placed.flat(), ids)).toBeLessThanOrEqual(6)
  })

  it('does not repeat the same replica sets over and over', () => {
    const brokers = [1, 2, 3, 4, 5].map((id) => broker(id))
    const sets = placeReplicas(brokers, 100, 2, seededRandom(3)).map((replicas) => replicas.join())
    expect(new Set(sets).size).toBeGreaterThan(12)
  })

  it('never makes a fenced broker the preferred leader, and uses it only when it must', () => {
    const brokers = [broker(1, 'a'), broker(2, 'b', true), broker(3, 'b')]
    for (const replicas of placeReplicas(brokers, 50, 2, seededRandom(4))) expect(replicas).not.toContain(2)
    for (const [leader] of placeReplicas(brokers, 50, 3, seededRandom(4))) expect(leader).not.toBe(2)
  })

  it('always gives distinct, registered brokers, led by one that is alive', () => {
    const racks = fc.option(fc.constantFrom('a', 'b', 'c'))
    const brokers = fc
      .array(fc.record({ rack: racks, fenced: fc.boolean() }), { minLength: 1, maxLength: 9 })
      .map((list) => list.map(({ rack, fenced }, i) => broker(i, rack, fenced)))
      .filter((list) => list.some(({ fenced }) => !fenced))
    const scenario = brokers.chain((list) =>
      fc.record({ list: fc.constant(list), factor: fc.integer({ min: 1, max: list.length }), seed: fc.integer() }),
    )
    fc.assert(
      fc.property(scenario, ({ list, factor, seed }) => {
        for (const replicas of placeReplicas(list, 7, factor, seededRandom(seed))) {
          expect(new Set(replicas).size).toBe(factor)
          expect(list[replicas[0]].fenced).toBe(false)
          expect(replicas.every((id) => id >= 0 && id < list.length)).toBe(true)
          // No broker is used twice in a rack while another rack has none left out.
          const rackCount = new Set(list.map(({ rack }) => rack)).size
          const used = new Set(replicas.map((id) => list[id].rack)).size
          expect(used).toBe(Math.min(rackCount, factor))
        }
      }),
    )
  })

  it('refuses what cannot be placed, in the words of Kafka', () => {
    const place = (brokers: BrokerView[], factor: number) => () => placeReplicas(brokers, 1, factor, seededRandom(1))
    expect(place([broker(1)], 2)).toThrow(PlacementError)
    expect(place([broker(1)], 2)).toThrow(
      'The target replication factor of 2 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.',
    )
    expect(place([broker(1, null, true)], 1)).toThrow('All brokers are currently fenced.')
    expect(place([], 1)).toThrow('All brokers are currently fenced.')
    expect(place([broker(1)], 0)).toThrow(PlacementError)
  })
})
