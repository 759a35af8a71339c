/**
 * Faults that wait for their moment: what they strike is open for a few milliseconds only, and chance alone would hardly ever
 * find it.
 */
import type { Link, SeededRandom, SimNode } from '../../../testing/sim/index.ts'
import { HostedPartition } from '../../../broker/replication/hosted-partition.ts'
import { type LiveReplica, nameOf, newestView, survey } from './invariants/survey.ts'
import type { World } from './world.ts'

export const aimedFaultNames = [
  'die-at-a-file',
  'die-voting',
  'elections',
  'leader-cut-from-brokers',
  'leader-behind',
  'laggard-then-leader',
] as const

export type AimedFault = (typeof aimedFaultNames)[number]

/** What a fault may ask of the weather that it is part of. */
export interface Sky {
  /** Runs `fn` after so long, unless the weather is clear by then. */
  after(delayMs: number, fn: () => void): void
  /** Cuts the links for a while. */
  cut(what: string, links: readonly Link[]): boolean
  /** The node stands still for a while (ms; drawn unless given). False: it does already, or is not there. */
  pause(node: SimNode, ms?: number): boolean
}

/** Files that say what a start may trust, and the calls on them that a death may hit. */
const TRUSTED_FILES = [
  'quorum-state',
  'leader-epoch-checkpoint',
  'durable-end',
  'recovery-point-offset-checkpoint',
  'replication-offset-checkpoint',
  'log-start-offset-checkpoint',
  '.checkpoint',
  '.snapshot',
  'segment-list',
  'settled-logs',
  'meta.properties',
]
const CALLS_MAX = 6
/** How often whoever leads the quorum falls in one go, and the pauses between (ms). */
const ELECTIONS_MAX = 5
const ELECTION_PAUSE_MS = 400
const FETCH_TIMEOUT = 'controller.quorum.fetch.timeout.ms'
/** How often the world is looked at for the moment (ms), and for how long. */
const LOOK_MS = 0.5
const WAIT_MS = 3_000

export class AimedFaults {
  readonly #world: World
  readonly #sky: Sky
  readonly #random: SeededRandom

  constructor(world: World, sky: Sky, random: SeededRandom) {
    this.#world = world
    this.#sky = sky
    this.#random = random
  }

  /** False: there is nothing to aim at. */
  strike(fault: AimedFault, node: SimNode): boolean {
    switch (fault) {
      case 'die-at-a-file':
        node.faults.dieAfter(this.#random.between(1, CALLS_MAX), this.#death(), this.#random.pick(TRUSTED_FILES))
        return node.state !== 'down'
      case 'die-voting':
        return this.#dieVoting()
      case 'elections':
        return this.#elections(this.#random.between(2, ELECTIONS_MAX))
      case 'leader-cut-from-brokers':
        return this.#cutFromBrokers(this.#anyLeader()?.node ?? null)
      case 'leader-behind':
        return this.#strikeLeaderBehind(node)
      case 'laggard-then-leader':
        return this.#laggardThenLeader()
    }
  }

  #death(): 'kill' | 'power-cut' {
    return this.#world.settings.durability === 'fsync' && this.#random.chance(0.5) ? 'power-cut' : 'kill'
  }

  /** Every voter but one dies in the midst of keeping the vote that the death of the quorum's leader makes it give. */
  #dieVoting(): boolean {
    const leader = this.#quorumLeader()
    if (leader === null) return false
    for (const node of this.#world.cluster.nodes) {
      if (node !== leader && this.#random.chance(0.6)) {
        node.faults.dieAfter(this.#random.between(1, 12), this.#death(), 'quorum-state')
      }
    }
    leader.die('kill')
    return true
  }

  /** Whoever leads the quorum falls, and is back in the midst of the election; several times in a row. */
  #elections(times: number): boolean {
    const random = this.#random
    const leader = this.#quorumLeader()
    let pauseMs = random.between(1, ELECTION_PAUSE_MS)
    if (leader !== null && random.chance(0.5)) {
      const timeoutMs = Number(this.#world.settings.properties[FETCH_TIMEOUT] ?? 2_000)
      this.#sky.pause(leader, timeoutMs + WAIT_MS)
      this.#awaitCandidate(leader, this.#world.nowMs + timeoutMs + WAIT_MS)
      pauseMs += timeoutMs
    } else if (leader !== null) {
      leader.die('kill')
      this.#sky.after(random.between(1, ELECTION_PAUSE_MS), () => {
        if (leader.state === 'down') leader.start()
      })
    }
    if (times > 1) this.#sky.after(pauseMs, () => this.#elections(times - 1))
    return leader !== null
  }

  /** The others give up a leader that stands still, perhaps at the same time: it is back when they ask it for its vote. */
  #awaitCandidate(leader: SimNode, untilMs: number): void {
    const epochOf = ({ broker }: SimNode) => broker?.services.cluster.controller.epoch ?? -1
    this.#sky.after(LOOK_MS, () => {
      if (!leader.isPaused || this.#world.nowMs >= untilMs) return
      const stands = this.#world.cluster.nodes.some((node) => epochOf(node) > epochOf(leader))
      if (!stands) this.#awaitCandidate(leader, untilMs)
      else this.#sky.after(this.#random.between(0, 40), () => leader.resume())
    })
  }

  /** It hears and is heard by clients, and by no broker. */
  #cutFromBrokers(node: SimNode | null): boolean {
    if (node === null) return false
    const { nodes, network } = this.#world.cluster
    const links = nodes.flatMap(({ host }) =>
      host === node.host ? [] : [network.link(node.host, host), network.link(host, node.host)],
    )
    this.#sky.cut(`${node.host} cut off from the other brokers`, links)
    return true
  }

  /** A broker dies and comes back; as soon as a leader has not heard what the controller made of that, it is struck. */
  #strikeLeaderBehind(node: SimNode): boolean {
    if (node.state === 'up') {
      node.die('kill')
      this.#sky.after(this.#random.between(1, 300), () => {
        if (node.state === 'down') node.start()
      })
    }
    // The first moments are those of its death, later ones those of its return.
    this.#awaitLeaderBehind(this.#random.between(1, 8), this.#world.nowMs + WAIT_MS)
    return true
  }

  #awaitLeaderBehind(moments: number, untilMs: number): void {
    this.#sky.after(LOOK_MS, () => {
      if (this.#world.nowMs >= untilMs) return
      const behind = this.#leaderBehind()
      if (behind === null) this.#awaitLeaderBehind(moments, untilMs)
      else if (moments > 1) this.#awaitLeaderBehind(moments - 1, untilMs)
      else this.#strikeLeader(behind)
    })
  }

  #strikeLeader({ node, name }: LiveReplica): void {
    this.#world.note(`${node.host} leads ${name} and is behind the metadata`)
    const { network, nodes } = this.#world.cluster
    const others = nodes.filter((other) => other !== node)
    const controller = this.#quorumLeader()
    switch (this.#random.weighted({ die: 2, pause: 1, brokers: 1, controller: 3 })) {
      case 'die':
        return node.die(this.#death())
      case 'pause':
        return void this.#sky.pause(node)
      case 'brokers':
        return void this.#cutFromBrokers(node)
      case 'controller':
        // The others go on with it, and it goes on with the others, on what it knows.
        if (controller === null || controller === node || others.length === 0) return
        return void this.#sky.cut(`cut from ${controller.host} to ${node.host}`, [
          network.link(controller.host, node.host),
        ])
    }
  }

  /** A follower gets nothing any more, and before it is taken for behind, its leader dies. */
  #laggardThenLeader(): boolean {
    const leader = this.#anyLeader()
    const others = this.#world.cluster.nodes.filter((node) => node !== leader?.node)
    if (leader === null || others.length === 0) return false
    const { network } = this.#world.cluster
    this.#sky.cut(`${leader.node.host} leads with a laggard`, [
      network.link(leader.node.host, this.#random.pick(others).host),
    ])
    this.#sky.after(this.#random.between(1, 2_500), () => {
      if (leader.node.state !== 'down') leader.node.die(this.#death())
    })
    return true
  }

  #quorumLeader(): SimNode | null {
    return this.#world.cluster.nodes.find(({ broker }) => broker?.services.cluster.controller.isActive === true) ?? null
  }

  #anyLeader(): LiveReplica | null {
    const leaders = survey(this.#world.cluster.nodes).replicas.filter(({ partition }) => partition.isLeader)
    return leaders.length === 0 ? null : this.#random.pick(leaders)
  }

  /** A leader that leads on while the metadata of another broker is ahead of it. */
  #leaderBehind(): LiveReplica | null {
    const { nodes } = this.#world.cluster
    for (const node of nodes) {
      // Asked every half a millisecond: nothing is gathered that is not needed.
      for (const partition of node.isPaused ? [] : (node.broker?.services.partitions.all() ?? [])) {
        if (!(partition instanceof HostedPartition) || !partition.isLeader) continue
        const { topic, index } = partition
        if (isBehind(node, partition, newestView(nodes, topic, index)?.partitionEpoch))
          return { node, name: nameOf(topic, index), partition }
      }
    }
    return null
  }
}

function isBehind(node: SimNode, { topic, index }: HostedPartition, newestEpoch = -1): boolean {
  const known = node.broker?.services.metadata.topic(topic)?.partitions[index]?.partitionEpoch ?? newestEpoch
  return known < newestEpoch
}
