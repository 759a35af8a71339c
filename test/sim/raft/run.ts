/** One seed: the Raft core alone, with voters that change and snapshots, over a bad network and disks that lose power. */
import { Trace } from '../../../testing/sim/index.ts'
import { RaftViolation } from '../../broker/consensus/invariants.ts'
import { Quorum } from '../../broker/consensus/simulation.ts'
import type { SeedFailure, SeedResult } from '../log/run.ts'

const NODES_MAX = 5
/** Virtual milliseconds in which a healed quorum must have come to rest. */
const HEALED_MS = 40_000

/** Runs a seed once. `onLine` gets the whole trace. */
export function runSeed(seed: number, onLine: ((line: string) => void) | null = null): SeedResult {
  const trace = new Trace(onLine)
  const faults: Record<string, number> = {}
  let failure: SeedFailure | null = null
  try {
    live(new Story(seed, trace, faults))
  } catch (error) {
    const invariant = error instanceof RaftViolation ? error.invariant : 'simulator'
    const message = error instanceof Error ? (error instanceof RaftViolation ? error.message : `${error.stack}`) : ''
    failure = { invariant, message, recent: [...trace.recent] }
  }
  return { seed, events: trace.count, hash: trace.digest(), faults, failure }
}

/** Runs a seed twice: everything that happened must have happened again. */
export function runTwice(seed: number): SeedResult {
  const first = runSeed(seed)
  const second = runSeed(seed)
  if (first.hash === second.hash) return first
  const message = `seed ${seed} hashes ${first.hash} the first time and ${second.hash} the second`
  return { ...first, failure: { invariant: 'determinism', message, recent: second.failure?.recent ?? [] } }
}

class Story {
  readonly quorum: Quorum
  readonly ids: readonly number[]
  readonly rounds: number
  private readonly faults: Record<string, number>
  private appended = 0
  private cutOff = -1
  private isOneWay = false

  constructor(seed: number, trace: Trace, faults: Record<string, number>) {
    const ids = Array.from({ length: NODES_MAX }, (_, index) => index + 1)
    const votersCount = 1 + (seed % NODES_MAX)
    const quorum = new Quorum(ids.slice(0, votersCount), seed, ids.slice(votersCount))
    quorum.onLine = (line) => trace.note(line)
    quorum.faults.lossPerMille = quorum.pick(150)
    quorum.faults.duplicatePerMille = quorum.pick(150)
    quorum.faults.powerCutPerMille = quorum.chance(500) ? 0 : quorum.pick(8)
    quorum.latencyMs = 2 + quorum.pick(quorum.chance(200) ? 600 : 60)
    quorum.faults.cut = (from, to) => from === this.cutOff || (!this.isOneWay && to === this.cutOff)
    quorum.onEffect = (_, effect) => {
      if (effect.type === 'install-snapshot') this.note('snapshot fetched')
      if (effect.type === 'voters-answered' && effect.error === 0) this.note('voters changed')
      if (effect.type === 'truncate') this.note('log cut')
    }
    const kept = 1 + quorum.pick(2)
    for (const id of ids) quorum.node(id).log.kept = kept
    this.quorum = quorum
    this.ids = ids
    this.rounds = 40 + quorum.pick(60)
    this.faults = faults
  }

  /** Something happens to some node. */
  act(): void {
    const { quorum } = this
    const id = this.some()
    const isUp = quorum.node(id).raft !== null
    const dice = quorum.pick(20)
    if (dice === 0 && isUp) this.count('crash', () => quorum.crash(id))
    else if (dice === 15) this.bounce()
    else if (dice <= 3 && !isUp) this.count('restart', () => quorum.start(id))
    else if (dice === 4) {
      this.count('cut off', () => {
        this.cutOff = id
        this.isOneWay = quorum.chance(500)
      })
    } else if (dice === 5) this.cutOff = -1
    else if (dice === 6 && isUp) this.count('resign', () => quorum.step(id, { type: 'resign' }))
    else if (dice <= 8 && isUp) {
      this.count('leader-down hint', () => quorum.step(id, { type: 'leader-down', leader: quorum.raft(id).leader }))
    } else if (dice <= 11) this.count('snapshot', () => quorum.takeSnapshot(id))
    else if (dice <= 14) this.changeVoters(id)
    this.write()
  }

  /** Whoever leads loses power in the middle of its work and is back at once. */
  private bounce(): void {
    const { quorum } = this
    const leader = quorum.leader()
    if (leader < 0) return
    this.count('bounce of the leader', () => {
      quorum.run(quorum.pick(quorum.latencyMs))
      if (quorum.node(leader).raft !== null) quorum.crash(leader)
      quorum.start(leader)
    })
  }

  /** Everybody who leads, or thinks so, takes writes. */
  private write(): void {
    const { quorum } = this
    for (const id of this.ids) {
      for (let count = quorum.pick(4); count > 0; count -= 1) {
        if (quorum.node(id).raft !== null && quorum.append(id, `value ${this.appended}`) >= 0) this.appended += 1
      }
    }
  }

  private changeVoters(id: number): void {
    const { quorum } = this
    const leader = quorum.chance(800) ? quorum.leader() : this.some()
    if (leader < 0 || quorum.node(leader).raft === null) return
    // Sometimes two at once, of which one has to wait.
    for (const other of quorum.chance(300) ? [id, this.some()] : [id]) this.changeVoter(leader, other)
  }

  private changeVoter(leader: number, id: number): void {
    const { quorum } = this
    if (quorum.node(leader).raft === null) return
    const isVoter = quorum.raft(leader).voters.some((voter) => voter.id === id)
    if (!isVoter) this.count('add voter', () => quorum.add(leader, id))
    else if (quorum.chance(700)) this.count('remove voter', () => quorum.remove(leader, id))
    else this.count('update voter', () => quorum.update(leader, id))
  }

  heal(): void {
    const { quorum } = this
    Object.assign(quorum.faults, { lossPerMille: 0, duplicatePerMille: 0, powerCutPerMille: 0 })
    this.cutOff = -1
    quorum.latencyMs = 20
    for (const id of this.ids) if (quorum.node(id).raft === null) quorum.start(id)
  }

  private some(): number {
    return this.ids[this.quorum.pick(this.ids.length)]
  }

  private count(kind: string, act: () => void): void {
    this.note(kind)
    act()
  }

  private note(kind: string): void {
    this.quorum.onLine(`${this.quorum.nowMs} ${kind}`)
    this.faults[kind] = (this.faults[kind] ?? 0) + 1
  }
}

/** Safety first, with everything that can go wrong; then all is well, and the quorum must agree and go on. */
function live(story: Story): void {
  const { quorum, ids } = story
  quorum.startAll()
  for (let round = 0; round < story.rounds; round += 1) {
    story.act()
    quorum.run(20 + quorum.pick(quorum.chance(200) ? 4000 : 600))
  }
  story.heal()
  quorum.run(HEALED_MS)
  const leader = quorum.leader()
  must(leader > 0, 'nobody leads in the end')
  must(quorum.raft(leader).isVoter, `leader ${leader} is no voter`)
  quorum.append(leader, 'last')
  quorum.run(HEALED_MS)
  const end = quorum.node(leader).log.endOffset
  for (const id of ids) {
    const same = quorum.values(id).join() === quorum.values(leader).join()
    must(same, `node ${id} does not have what leader ${leader} has`)
    const voters = (node: number) => JSON.stringify(quorum.raft(node).voters)
    must(voters(id) === voters(leader), `node ${id} has the voters ${voters(id)}, leader ${leader} ${voters(leader)}`)
    must(quorum.raft(id).highWatermark === end, `node ${id} has committed ${quorum.raft(id).highWatermark} of ${end}`)
  }
}

function must(holds: boolean, message: string): void {
  if (!holds) throw new RaftViolation('liveness', message)
}
