/**
 * Cuts between broker processes where network namespaces may not be made: every way between two brokers, and from the
 * clients to each, leads through a proxy in this process, which can stop to pass bytes on. What is held back arrives when
 * the cut is healed, as what TCP sends again would.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { steadyPort } from '../steady-port.ts'
import {
  brokerOptions,
  type Cable,
  choosePlaces,
  type FaultyWiring,
  found,
  type Listeners,
  type Place,
  text,
} from './wiring.ts'

const HOST = '127.0.0.1'
/** Stands for the clients as an end of a way. */
const CLIENTS = 0

interface Pair {
  readonly caller: Socket
  readonly called: Socket
}

/** The connections that `from` makes to `to`. */
class Way {
  readonly from: number
  readonly to: number
  readonly place: Place
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #forth = true
  #back = true

  private constructor(from: number, to: number, place: Place, target: Place) {
    this.from = from
    this.to = to
    this.place = place
    this.#server = createServer((caller) => this.#join(caller, target))
  }

  static async open(from: number, to: number, target: Place): Promise<Way> {
    const way = new Way(from, to, { host: HOST, port: await steadyPort() }, target)
    await new Promise<void>((resolve, reject) => {
      way.#server.once('error', reject)
      way.#server.listen(way.place.port, HOST, resolve)
    })
    way.#server.unref()
    return way
  }

  /** Whether bytes pass: `forth` those of whoever connected, `back` those of the other end. */
  set(forth: boolean, back: boolean): void {
    this.#forth = forth
    this.#back = back
    for (const pair of this.#pairs) this.#apply(pair)
  }

  cut(part: { readonly forth: boolean; readonly back: boolean }): void {
    this.set(this.#forth && !part.forth, this.#back && !part.back)
  }

  close(): void {
    this.#server.close()
    for (const { caller, called } of this.#pairs) for (const socket of [caller, called]) socket.destroy()
  }

  #join(caller: Socket, target: Place): void {
    const called = connect(target.port, target.host)
    const pair = { caller, called }
    this.#pairs.add(pair)
    const end = (): void => {
      this.#pairs.delete(pair)
      caller.destroy()
      called.destroy()
    }
    for (const [socket, other] of [
      [caller, called],
      [called, caller],
    ] as const) {
      socket.setNoDelay(true)
      socket.on('data', (bytes: Buffer) => {
        if (other.write(bytes)) return
        socket.pause()
        other.once('drain', () => this.#apply(pair))
      })
      socket.once('error', end)
      // Whoever is cut off is not told that the other has gone, either.
      socket.once('close', () => (this.#forth && this.#back ? end() : undefined))
    }
    this.#apply(pair)
  }

  #apply(pair: Pair): void {
    if (this.#forth && this.#back && (pair.caller.destroyed || pair.called.destroyed)) {
      this.#pairs.delete(pair)
      pair.caller.destroy()
      pair.called.destroy()
      return
    }
    flow(pair.caller, pair.called, this.#forth)
    flow(pair.called, pair.caller, this.#back)
  }
}

function flow(source: Socket, sink: Socket, passes: boolean): void {
  if (passes && !sink.writableNeedDrain) source.resume()
  else source.pause()
}

export class ProxyWiring implements FaultyWiring {
  readonly means: string
  readonly #nodes: readonly number[]
  readonly #places: ReadonlyMap<number, Listeners>
  readonly #ways: readonly Way[]

  private constructor(
    reason: string,
    nodes: readonly number[],
    places: ReadonlyMap<number, Listeners>,
    ways: readonly Way[],
  ) {
    this.means = `a TCP proxy (${reason})`
    this.#nodes = nodes
    this.#places = places
    this.#ways = ways
  }

  /** `reason`: why it is this, and not network namespaces. */
  static async lay(nodes: readonly number[], reason: string): Promise<ProxyWiring> {
    const places = await choosePlaces(nodes, () => HOST)
    const ways: Way[] = []
    for (const to of nodes) {
      const { kafka, peer } = found(places, to)
      ways.push(await Way.open(CLIENTS, to, kafka))
      for (const from of nodes) if (from !== to) ways.push(await Way.open(from, to, peer))
    }
    return new ProxyWiring(reason, nodes, places, ways)
  }

  listeners(node: number): Listeners {
    return found(this.#places, node)
  }

  door(node: number): Place {
    return this.#way(CLIENTS, node).place
  }

  options(node: number): Readonly<Record<string, string>> {
    const { kafka, peer } = this.listeners(node)
    return {
      ...brokerOptions({ kafka, peer }, this.#nodes, (to) => (to === node ? peer : this.#way(node, to).place)),
      'advertised.listeners': `PLAINTEXT://${text(this.door(node))},CONTROLLER://${text(peer)}`,
      // It would follow from the list of voters, which is another for each of them.
      'cluster.id': 'millrace-chaos-proxies',
    }
  }

  wrapper(): readonly string[] {
    return []
  }

  cut(node: number, cable: Cable): void {
    for (const way of this.#ways) {
      const isClients = way.from === CLIENTS
      const touches = way.from === node || way.to === node
      if (touches && isClients === (cable === 'clients')) way.cut({ forth: true, back: true })
    }
  }

  cutOneWay(from: number, to: number): void {
    this.#way(from, to).cut({ forth: true, back: false })
    this.#way(to, from).cut({ forth: false, back: true })
  }

  heal(): void {
    for (const way of this.#ways) way.set(true, true)
  }

  [Symbol.dispose](): void {
    for (const way of this.#ways) way.close()
  }

  #way(from: number, to: number): Way {
    const way = this.#ways.find((one) => one.from === from && one.to === to)
    if (way === undefined) throw new Error(`there is no way from ${from} to ${to}`)
    return way
  }
}
