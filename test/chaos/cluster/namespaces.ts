/**
 * A network for broker processes on one machine: each in a network namespace of its own, with one cable to the clients and
 * one to the other brokers, so that either can be cut while the other works. Needs root, or whoever may make namespaces.
 */
import { spawnSync } from 'node:child_process'
import { atEnd } from '../../../bench/support/cleanup.ts'
import { hasCommand } from '../../support/has-command.ts'
import {
  brokerOptions,
  type Cable,
  choosePlaces,
  type FaultyWiring,
  found,
  type Listeners,
  type Place,
} from './wiring.ts'

const CABLES: readonly Cable[] = ['clients', 'peers']

/** Private addresses (RFC 1918) that few networks use; the third number tells runs and cables apart. */
const SUBNET = '10.213'

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`)
}

/** Null where namespaces can be made, else why not. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux' || !hasCommand('ip')) return 'network namespaces need Linux and iproute2'
  const name = `mrtry${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0
  if (made) spawnSync('ip', ['netns', 'del', name])
  return made ? null : 'network namespaces may not be made here (root may)'
}

export class NamespaceWiring implements FaultyWiring {
  readonly means = 'network namespaces'
  readonly #nodes: readonly number[]
  /** Names of interfaces may have 15 characters. */
  readonly #tag: string
  readonly #block: number
  #places: ReadonlyMap<number, Listeners> = new Map()
  /** Also when the program is ended in the middle. */
  readonly #tearDown = atEnd(() => this.#removeAll())

  private constructor(nodes: readonly number[]) {
    this.#nodes = nodes
    this.#tag = `mr${process.pid % 100_000}`
    this.#block = (process.pid % 120) * 2
    try {
      for (const cable of CABLES) this.#layBridge(cable)
      for (const node of this.#nodes) this.#plugIn(node)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  static async lay(nodes: readonly number[]): Promise<NamespaceWiring> {
    const wiring = new NamespaceWiring(nodes)
    wiring.#places = await choosePlaces(nodes, (node, cable) => wiring.#address(node, cable))
    return wiring
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

  wrapper(node: number): readonly string[] {
    return ['ip', 'netns', 'exec', this.#namespace(node)]
  }

  cut(node: number, cable: Cable): void {
    ip('link', 'set', this.#link(node, cable, 'bridge'), 'nomaster')
  }

  cutOneWay(from: number, to: number): void {
    ip('-n', this.#namespace(from), 'route', 'replace', 'blackhole', `${this.#address(to, 'peers')}/32`)
  }

  heal(): void {
    for (const node of this.#nodes) {
      for (const cable of CABLES) {
        ip('link', 'set', this.#link(node, cable, 'bridge'), 'master', this.#bridge(cable))
      }
      for (const other of this.#nodes) {
        const route = ['route', 'del', 'blackhole', `${this.#address(other, 'peers')}/32`]
        spawnSync('ip', ['-n', this.#namespace(node), ...route])
      }
    }
  }

  [Symbol.dispose](): void {
    this.#tearDown()
  }

  #removeAll(): void {
    for (const node of this.#nodes) {
      // A namespace goes some time after it was deleted; its cables must not be in the way of the next run.
      for (const cable of CABLES) spawnSync('ip', ['link', 'del', this.#link(node, cable, 'bridge')])
      spawnSync('ip', ['netns', 'del', this.#namespace(node)])
    }
    for (const cable of CABLES) spawnSync('ip', ['link', 'del', this.#bridge(cable)])
  }

  #address(node: number, cable: Cable): string {
    return `${this.#subnet(cable)}.${node}`
  }

  #subnet(cable: Cable): string {
    return `${SUBNET}.${this.#block + CABLES.indexOf(cable)}`
  }

  #bridge(cable: Cable): string {
    return `${this.#tag}${cable[0]}`
  }

  #namespace(node: number): string {
    return `${this.#tag}n${node}`
  }

  #link(node: number, cable: Cable, end: 'bridge' | 'node'): string {
    return `${this.#tag}${cable[0]}${node}${end[0]}`
  }

  #layBridge(cable: Cable): void {
    ip('link', 'add', this.#bridge(cable), 'type', 'bridge')
    ip('addr', 'add', `${this.#subnet(cable)}.254/24`, 'dev', this.#bridge(cable))
    ip('link', 'set', this.#bridge(cable), 'up')
  }

  #plugIn(node: number): void {
    const namespace = this.#namespace(node)
    ip('netns', 'add', namespace)
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
    for (const cable of CABLES) {
      const [outer, inner] = [this.#link(node, cable, 'bridge'), this.#link(node, cable, 'node')]
      ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner)
      ip('link', 'set', inner, 'netns', namespace)
      ip('link', 'set', outer, 'master', this.#bridge(cable))
      ip('link', 'set', outer, 'up')
      ip('-n', namespace, 'addr', 'add', `${this.#address(node, cable)}/24`, 'dev', inner)
      ip('-n', namespace, 'link', 'set', inner, 'up')
    }
  }
}
