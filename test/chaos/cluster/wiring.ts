/** How the brokers of a stage find each other, and clients find them. */
import { steadyPort } from '../steady-port.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

/** Where a broker listens. */
export interface Listeners {
  readonly kafka: Place
  readonly peer: Place
}

/** Cables in the order in which they are unplugged most often. */
export type Cable = 'peers' | 'clients'

export interface Wiring extends Disposable {
  listeners(node: number): Listeners
  /** Where clients find a broker. */
  door(node: number): Place
  /** Its broker's options, by Kafka's names. */
  options(node: number): Readonly<Record<string, string>>
  /** What its process is run under. */
  wrapper(node: number): readonly string[]
}

/** A wiring that can be cut. Cuts add up until they are all healed. */
export interface FaultyWiring extends Wiring {
  /** What the cuts are made with. */
  readonly means: string
  /** From now on nothing comes through, either way, and nobody is told. */
  cut(node: number, cable: Cable): void
  /** What `from` sends to `to` is lost; the other way works, so that `from` hears and is not heard. */
  cutOneWay(from: number, to: number): void
  heal(): void
}

export function text({ host, port }: Place): string {
  return `${host}:${port}`
}

/** `route`: where this node finds another's listener for brokers. */
export function brokerOptions(
  { kafka, peer }: Listeners,
  nodes: readonly number[],
  route: (to: number) => Place,
): Readonly<Record<string, string>> {
  return {
    listeners: `PLAINTEXT://${text(kafka)},CONTROLLER://${text(peer)}`,
    'controller.quorum.voters': nodes.map((id) => `${id}@${text(route(id))}`).join(','),
  }
}

/** Ports for each node; `host` says on which address. */
export async function choosePlaces(
  nodes: readonly number[],
  host: (node: number, cable: Cable) => string,
): Promise<ReadonlyMap<number, Listeners>> {
  const places = new Map<number, Listeners>()
  for (const node of nodes) {
    places.set(node, {
      kafka: { host: host(node, 'clients'), port: await steadyPort() },
      peer: { host: host(node, 'peers'), port: await steadyPort() },
    })
  }
  return places
}

export function found<T>(map: ReadonlyMap<number, T>, node: number): T {
  const value = map.get(node)
  if (value === undefined) throw new Error(`there is no broker ${node}`)
  return value
}

/** Everything on the loopback address, and nothing to cut. */
export class LoopbackWiring implements Wiring {
  readonly #nodes: readonly number[]
  readonly #places: ReadonlyMap<number, Listeners>

  private constructor(nodes: readonly number[], places: ReadonlyMap<number, Listeners>) {
    this.#nodes = nodes
    this.#places = places
  }

  static async lay(nodes: readonly number[]): Promise<LoopbackWiring> {
    return new LoopbackWiring(nodes, await choosePlaces(nodes, () => '127.0.0.1'))
  }

  listeners(node: number): Listeners {
    return found(this.#places, node)
  }

  door(node: number): Place {
    return this.listeners(node).kafka
  }

  options(node: number): Readonly<Record<string, string>> {
    return brokerOptions(this.listeners(node), this.#nodes, (to) => this.listeners(to).peer)
  }

  wrapper(): readonly string[] {
    return []
  }

  [Symbol.dispose](): void {}
}
