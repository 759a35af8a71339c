/**
 * Faults come in fronts: for a few seconds a few kinds are about, then others or none, so that the cluster recovers and
 * reaches combinations. Each fault ends by itself, at the latest when the weather clears.
 */
import type { Link, SeededRandom, SimNode } from '../../../testing/sim/index.ts'
import { type AimedFault, AimedFaults, aimedFaultNames, type Sky } from './aimed.ts'
import type { FaultName } from './settings.ts'
import type { World } from './world.ts'

const FRONT_MS_MIN = 2_000
const FRONT_MS_MAX = 8_000
const QUIET_CHANCE = 0.25
/** A process that dies in a disk call dies in one of the next so many. */
const DEADLY_CALLS = 60

export class Weather implements Sky {
  readonly counts = new Map<string, number>()
  readonly #world: World
  readonly #random: SeededRandom
  readonly #aimed: AimedFaults
  #front: readonly FaultName[] = []
  #isClear = true
  /** What ends the faults that last. */
  readonly #ending = new Set<() => void>()

  constructor(world: World, random: SeededRandom) {
    this.#world = world
    this.#random = random
    this.#aimed = new AimedFaults(world, this, random)
  }

  begin(): void {
    this.#isClear = false
    this.#nextFront()
    this.#nextFault()
  }

  /** No more faults; those that last end now. */
  clear(): void {
    this.#isClear = true
    for (const end of [...this.#ending]) end()
  }

  after(delayMs: number, fn: () => void): void {
    this.#world.clock.after(delayMs, () => {
      if (!this.#isClear) fn()
    })
  }

  #nextFront(): void {
    const { faults } = this.#world.settings
    const random = this.#random
    this.#front = random.chance(QUIET_CHANCE) ? [] : faults.filter(() => random.chance(0.5))
    this.#world.note(`weather: ${this.#front.join(' ') || 'quiet'}`)
    this.after(random.between(FRONT_MS_MIN, FRONT_MS_MAX), () => this.#nextFront())
  }

  #nextFault(): void {
    const random = this.#random
    this.after(random.between(1, this.#world.settings.faultIntervalMs * 2), () => {
      if (this.#front.length > 0) this.#strike(random.pick(this.#front))
      this.#nextFault()
    })
  }

  #strike(fault: FaultName): void {
    const { nodes } = this.#world.cluster
    const node = this.#random.pick(nodes)
    const struck = isAimed(fault)
      ? this.#aimed.strike(fault, node)
      : this.#lifeFault(fault, node) || this.#networkFault(fault, node) || this.#diskFault(fault, node)
    if (struck) this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1)
  }

  /** Ends it in time, and not twice. */
  #lasts(what: string, end: () => void, ms = this.#random.between(1, this.#world.settings.faultMsMax)): void {
    const once = (): void => {
      if (!this.#ending.delete(once)) return
      this.#world.note(`${what} ends`)
      end()
    }
    this.#ending.add(once)
    this.#world.note(what)
    this.#world.clock.after(ms, once)
  }

  #lifeFault(fault: FaultName, node: SimNode): boolean {
    const { nodes } = this.#world.cluster
    const isUp = node.state !== 'down'
    switch (fault) {
      case 'kill':
      case 'power-cut':
        return isUp && this.#down([node], fault)
      case 'kill-all':
        return this.#random.chance(0.3) && this.#down(nodes, 'kill')
      case 'power-cut-all':
        return this.#random.chance(0.3) && this.#down(nodes, 'power-cut')
      case 'die-in-call':
        node.faults.dieAfter(this.#random.between(1, DEADLY_CALLS), 'kill')
        return isUp
      case 'stop':
        if (node.state !== 'up' || node.isPaused) return false
        node.stop()
        return true
      case 'pause':
        return this.pause(node)
      default:
        return false
    }
  }

  pause(node: SimNode, ms?: number): boolean {
    if (node.state === 'down' || node.isPaused) return false
    node.pause()
    this.#lasts(`${node.host} paused`, () => node.resume(), ms)
    return true
  }

  #down(nodes: readonly SimNode[], death: 'kill' | 'power-cut'): true {
    for (const node of nodes) if (node.state !== 'down') node.die(death)
    return true
  }

  #networkFault(fault: FaultName, node: SimNode): boolean {
    const { network } = this.#world.cluster
    const random = this.#random
    const links = [...network.links()]
    const [outbound, inbound] = [links.filter((l) => l.from === node.host), links.filter((l) => l.to === node.host)]
    const other = random.pick(this.#world.cluster.nodes)
    switch (fault) {
      case 'isolate':
        return this.cut(`${node.host} cut off`, [...outbound, ...inbound])
      case 'isolate-inbound':
        return this.cut(`${node.host} hears nothing`, inbound)
      case 'isolate-outbound':
        return this.cut(`${node.host} is not heard`, outbound)
      case 'cut-pair':
        return this.cut(`cut between ${node.host} and ${other.host}`, [
          network.link(node.host, other.host),
          network.link(other.host, node.host),
        ])
      case 'cut-one-way':
        return this.cut(`cut from ${node.host} to ${other.host}`, [network.link(node.host, other.host)])
      case 'stall':
        if (links.length > 0) random.pick(links).stall(random.between(1, this.#world.settings.faultMsMax))
        return links.length > 0
      case 'slow-link':
        return this.#slow(network.link(node.host, other.host))
      case 'reset':
        return network.breakOne(node.host)
      case 'refuse':
        network.refusalChance = 0.3
        this.#lasts('connections are refused', () => void (network.refusalChance = 0))
        return true
      default:
        return false
    }
  }

  cut(what: string, links: readonly Link[]): boolean {
    const open = links.filter((link) => !link.isCut)
    for (const link of open) link.cut()
    this.#lasts(what, () => {
      for (const link of open) link.heal()
    })
    return true
  }

  #slow(link: Link): boolean {
    const { profile } = link
    link.profile = { ...profile, delayMs: profile.delayMs + this.#random.between(5, 200), jitterMs: 50 }
    this.#lasts(`${link.from} to ${link.to} is slow`, () => void (link.profile = this.#world.settings.links))
    return true
  }

  #diskFault(fault: FaultName, { faults, host }: SimNode): boolean {
    switch (fault) {
      case 'slow-disk':
        faults.set('slow-sync', 0.5)
        this.#lasts(`${host} syncs slowly`, () =>
          faults.set('slow-sync', this.#world.settings.diskFaults.get('slow-sync') ?? 0),
        )
        return true
      case 'disk-full':
        faults.full = true
        this.#lasts(`${host} has a full disk`, () => void (faults.full = false))
        return true
      case 'disk-error':
        faults.set(this.#random.pick(['eio-write', 'eio-sync', 'eio-read']), 0.05)
        this.#lasts(`${host} has a bad disk`, () => {
          for (const kind of ['eio-write', 'eio-sync', 'eio-read'] as const) faults.set(kind, 0)
        })
        return true
      case 'clock-jump':
        this.#world.clock.jump(this.#random.between(-5_000, 5_000))
        return true
      default:
        return false
    }
  }
}

function isAimed(fault: FaultName): fault is AimedFault {
  return (aimedFaultNames as readonly string[]).includes(fault)
}
