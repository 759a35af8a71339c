/**
 * Where replicas go. Racks take turns, and within a rack its brokers do, so that replicas spread over racks and load over
 * brokers; each round over all brokers starts from a new shuffle, so that the same sets do not repeat. The first replica
 * (the preferred leader) is always an unfenced broker; fenced ones fill up when the others do not suffice. Brokers that are
 * about to stop get nothing.
 */
import type { Random } from '../ports/random.ts'
import type { BrokerView } from './view.ts'

/** Why no placement was found; `message` is Kafka's. */
export class PlacementError extends Error {
  override readonly name = 'PlacementError'
}

interface Rack {
  readonly unfenced: number[]
  readonly fenced: number[]
  /** Partitions of this round whose leader, or only followers, this rack gave. */
  led: number
  followed: number
}

function shuffle<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const [taken] = items.splice(random.uint32() % (i + 1), 1)
    if (taken !== undefined) items.splice(i, 0, taken)
  }
}

function racksOf(brokers: readonly BrokerView[]): Rack[] {
  const racks = new Map<string | null, Rack>()
  // Sorted, so that the outcome is a function of the cluster and the random port alone.
  for (const broker of [...brokers].sort((a, b) => a.id - b.id)) {
    const rack = racks.get(broker.rack) ?? { unfenced: [], fenced: [], led: 0, followed: 0 }
    racks.set(broker.rack, rack)
    ;(broker.fenced ? rack.fenced : rack.unfenced).push(broker.id)
  }
  return [...racks.values()]
}

/** Hands out replica sets, rack after rack and within a rack broker after broker; reshuffled after each full round. */
class Stripes {
  private readonly racks: Rack[]
  private readonly unfencedCount: number
  private readonly random: Random
  private placed = 0
  private firstRack = 0

  constructor(brokers: readonly BrokerView[], random: Random) {
    this.racks = racksOf(brokers)
    this.unfencedCount = brokers.filter((broker) => !broker.fenced).length
    this.random = random
    this.reshuffle()
  }

  private reshuffle(): void {
    this.placed = 0
    for (const rack of this.racks) {
      shuffle(rack.unfenced, this.random)
      shuffle(rack.fenced, this.random)
      rack.led = 0
      rack.followed = 0
    }
    shuffle(this.racks, this.random)
    this.firstRack = this.random.uint32() % this.racks.length
  }

  next(replicationFactor: number): number[] {
    if (this.placed === this.unfencedCount) this.reshuffle()
    const order = [...this.racks.slice(this.firstRack), ...this.racks.slice(0, this.firstRack)]
    // The rack that gives the leader is the first in turn that has an unfenced broker.
    const lead = order.findIndex((rack) => rack.unfenced.length > 0)
    const columns = [...order.slice(lead), ...order.slice(0, lead)].map((rack, i) =>
      // Leading and following are counted apart, so that each goes round all the brokers of the rack.
      inTurn(rack, i === 0 ? rack.led++ : rack.followed++),
    )
    const replicas: number[] = []
    for (let row = 0; replicas.length < replicationFactor; row += 1) {
      for (const column of columns) {
        const broker = column[row]
        if (broker !== undefined && replicas.length < replicationFactor) replicas.push(broker)
      }
    }
    this.placed += 1
    this.firstRack = (this.firstRack + 1) % this.racks.length
    return replicas
  }
}

/** The rack's brokers from the `start`-th on, unfenced ones first. */
function inTurn(rack: Rack, start: number): number[] {
  const rotated = (ids: readonly number[]) => {
    const at = ids.length === 0 ? 0 : start % ids.length
    return [...ids.slice(at), ...ids.slice(0, at)]
  }
  return [...rotated(rack.unfenced), ...rotated(rack.fenced)]
}

/** Replicas of `partitionCount` partitions, the preferred leader of each first. Throws PlacementError. */
export function placeReplicas(
  registered: readonly BrokerView[],
  partitionCount: number,
  replicationFactor: number,
  random: Random,
): number[][] {
  if (replicationFactor <= 0) {
    throw new PlacementError(
      `Invalid replication factor ${replicationFactor}: the replication factor must be positive.`,
    )
  }
  const brokers = registered.filter(({ inControlledShutdown }) => !inControlledShutdown)
  if (brokers.every((broker) => broker.fenced)) throw new PlacementError('All brokers are currently fenced.')
  if (replicationFactor > brokers.length) {
    throw new PlacementError(
      `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} broker(s) are registered or some brokers have all their log directories cordoned.`,
    )
  }
  const stripes = new Stripes(brokers, random)
  return Array.from({ length: partitionCount }, () => stripes.next(replicationFactor))
}
