/**
 * Scenarios of the quorum as text, in the manner of etcd's. `== title` begins one, with the voters behind it; a line that
 * begins with `>` is a command, the lines below it are what came of it, `#` is a comment:
 *
 *     == a leader is elected  voters=1,2,3
 *     > campaign 1
 *     > settle
 *     1 becomes leader
 *
 * Nothing moves by itself: `settle` delivers messages in the order they were sent, and then lets disks finish, until all is
 * quiet; `deliver` brings the messages of one way. What is cut is lost. Time stands still but for `tick` and `advance`.
 */
import type { RaftEffect, RaftEvent } from '../../../broker/consensus/events.ts'
import type { RaftMessage, SnapshotId } from '../../../broker/consensus/messages.ts'
import { initialQuorumState, type QuorumState } from '../../../broker/consensus/quorum-state.ts'
import { Raft } from '../../../broker/consensus/raft.ts'
import { type Entry, MemoryLog } from '../../broker/consensus/model-log.ts'
import { endpointsOf, timeouts } from '../../broker/consensus/simulation.ts'
import { effectText, entryOf, messageText } from './wording.ts'

export interface ScenarioText {
  readonly title: string
  readonly options: ReadonlyMap<string, string>
  /** Commands, comments and outcomes, in order. */
  readonly lines: readonly string[]
}

export function parseScenarios(text: string): ScenarioText[] {
  const [, ...parts] = text.split(/^== /m)
  return parts.map((part) => {
    const [head = '', ...body] = part.split('\n')
    const options = new Map([...head.matchAll(/ (\w+)=([\d,]+)/g)].map(([, key, value]) => [key, value]))
    const lines = body.map((line) => line.trim()).filter((line) => line !== '')
    return { title: head.replaceAll(/ +\w+=[\d,]+/g, '').trim(), options, lines }
  })
}

export function renderScenarios(intro: string, scenarios: readonly ScenarioText[]): string {
  const text = scenarios.map(({ title, options, lines }) => {
    const settings = [...options].map(([key, value]) => `  ${key}=${value}`)
    return [`== ${title}${settings.join('')}`, ...lines].join('\n')
  })
  return `${intro}${text.join('\n\n')}\n`
}

/** Runs the commands of a scenario; what it returns is the scenario as it really goes. */
export function play({ lines, options }: ScenarioText): string[] {
  const scenario = new Scenario(numbers(options.get('voters')), numbers(options.get('observers')))
  return lines.flatMap((line) => {
    if (line.startsWith('#')) return [line]
    return line.startsWith('>') ? [line, ...scenario.run(line.slice(1).trim().split(/\s+/))] : []
  })
}

function numbers(text: string | undefined): number[] {
  return text === undefined ? [] : text.split(',').map(Number)
}

interface Member {
  readonly id: number
  readonly log: MemoryLog
  persisted: QuorumState
  raft: Raft | null
  committed: number
  roleTold: string
  /** The core had it append something, and has not been told. */
  hasAppended: boolean
  needsSync: boolean
  fetched: Buffer
  installing: SnapshotId | null
}

interface Flying {
  readonly from: number
  readonly to: number
  readonly message: RaftMessage
}

const PIECE_BYTES = 60
const STEPS_MAX = 500

class Scenario {
  private readonly members = new Map<number, Member>()
  private readonly voters: readonly number[]
  private readonly cuts = new Set<number>()
  private flying: Flying[] = []
  private said: string[] = []
  private nowMs = 0
  private nextRequest = 1

  constructor(voters: readonly number[], observers: readonly number[]) {
    this.voters = voters
    for (const id of [...voters, ...observers]) this.join(id)
    for (const id of this.members.keys()) this.start(id)
    this.said = []
  }

  run([verb, ...words]: readonly string[]): readonly string[] {
    this.said = []
    const ids = words.filter((word) => /^\d+$/.test(word)).map(Number)
    const [id = -1] = ids
    switch (verb) {
      case 'settle':
        this.settle()
        if (words[0] === 'quietly') this.said = []
        break
      case 'deliver':
        this.deliver(words[0] ?? '')
        break
      case 'campaign':
        this.campaign(id)
        break
      case 'tick':
        this.nowMs = Math.max(this.nowMs, this.raft(id).deadlineMs)
        this.step(id, { type: 'tick' })
        break
      case 'advance':
        this.nowMs += Number.parseInt(words[0] ?? '', 10)
        break
      case 'write':
        this.write(id, words.slice(1))
        break
      case 'sync':
        for (const each of ids) this.sync(this.member(each))
        break
      case 'cut':
        for (const each of ids) this.cuts.add(each)
        break
      case 'heal':
        for (const each of ids.length > 0 ? ids : [...this.cuts]) this.cuts.delete(each)
        break
      case 'lose':
        this.flying = []
        break
      case 'crash':
        for (const each of ids) this.crash(each)
        break
      case 'start':
        for (const each of ids) this.start(each)
        break
      case 'forget':
        this.member(id).persisted = initialQuorumState
        break
      case 'resign':
        this.step(id, { type: 'resign' })
        break
      case 'leader-down':
        this.step(id, { type: 'leader-down', leader: Number(words[1]) })
        break
      case 'snapshot':
        for (const each of ids) this.snapshot(this.member(each))
        break
      case 'add':
      case 'remove':
        this.change(verb, id, ids[1] ?? -1)
        break
      case 'status':
        this.said = [...this.members.values()].map((member) => this.statusOf(member))
        break
      case 'logs':
        this.said = [...this.members.values()].map((member) => this.logOf(member))
        break
      default:
        throw new Error(`no command ${verb}`)
    }
    return this.said
  }

  private join(id: number): void {
    const log = new MemoryLog()
    log.kept = 1
    this.members.set(id, {
      id,
      log,
      persisted: initialQuorumState,
      raft: null,
      committed: 0,
      roleTold: '',
      hasAppended: false,
      needsSync: false,
      fetched: Buffer.alloc(0),
      installing: null,
    })
  }

  private member(id: number): Member {
    const member = this.members.get(id)
    if (member === undefined) throw new Error(`no node ${id}`)
    return member
  }

  private raft(id: number): Raft {
    const { raft } = this.member(id)
    if (raft === null) throw new Error(`node ${id} is down`)
    return raft
  }

  private start(id: number): void {
    const member = this.member(id)
    const options = { nodeId: id, directoryId: `directory-${id}`, voters: endpointsOf(this.voters), ...timeouts }
    member.raft = new Raft(options, member.persisted, member.log)
    member.committed = 0
    this.step(id, { type: 'start' })
  }

  /** Power cut: what was not synced is gone, and so is what was on its way from here. */
  private crash(id: number): void {
    const member = this.member(id)
    member.raft = null
    member.roleTold = ''
    member.needsSync = false
    member.installing = null
    member.log.crash()
    this.flying = this.flying.filter(({ from }) => from !== id)
  }

  /** Time goes on until the node stands for election. */
  private campaign(id: number): void {
    for (
      let tries = 0;
      tries < 3 && this.raft(id).role !== 'prospective' && this.raft(id).role !== 'leader';
      tries += 1
    ) {
      this.nowMs = Math.max(this.nowMs, this.raft(id).deadlineMs)
      this.step(id, { type: 'tick' })
    }
  }

  private write(id: number, values: readonly string[]): void {
    const { log } = this.member(id)
    const { epoch } = this.raft(id)
    for (const value of values) log.append({ epoch, value })
    this.member(id).needsSync = true
    this.step(id, { type: 'log-appended' })
  }

  private change(kind: 'add' | 'remove', leader: number, id: number): void {
    const directoryId =
      kind === 'add' ? `directory-${id}` : (this.raft(leader).voters.find((v) => v.id === id)?.directoryId ?? '')
    const voter = { id, host: `node-${id}`, port: 9093, directoryId }
    const change = kind === 'add' ? ({ kind, voter } as const) : ({ kind, id, directoryId } as const)
    this.step(leader, { type: 'change-voters', requestId: this.nextRequest++, change, waits: true })
  }

  private snapshot({ id, log, committed }: Member): void {
    const entries = log.entries.slice(0, committed)
    log.keep({ id: { endOffset: committed, epoch: entries[committed - 1].epoch }, entries })
    this.said.push(`${id} keeps a snapshot of ${committed}, its log begins at ${log.startOffset}`)
  }

  private settle(): void {
    for (let steps = 0; ; steps += 1) {
      if (steps > STEPS_MAX) throw new Error('it does not settle')
      const next = this.flying.shift()
      if (next !== undefined) this.bring(next)
      else if (!this.finishDisks()) return
    }
  }

  private deliver(way: string): void {
    const [from, to] = way.split('->').map(Number)
    const due = this.flying.filter((message) => message.from === from && message.to === to)
    this.flying = this.flying.filter((message) => !due.includes(message))
    for (const message of due) this.bring(message)
  }

  private bring({ from, to, message }: Flying): void {
    const isLost = this.cuts.has(from) || this.cuts.has(to) || this.members.get(to)?.raft === null
    this.said.push(`${from}->${to} ${messageText(message)}${isLost ? ' (lost)' : ''}`)
    if (!isLost) this.step(to, { type: 'receive', from, message })
  }

  private finishDisks(): boolean {
    let did = false
    for (const member of this.members.values()) {
      if (member.raft === null) continue
      if (member.needsSync) did = true
      this.sync(member)
      if (member.installing !== null) did = true
      this.install(member)
    }
    return did
  }

  private sync(member: Member): void {
    if (!member.needsSync) return
    member.needsSync = false
    member.log.durableEndOffset = member.log.endOffset
    this.step(member.id, { type: 'log-synced' })
  }

  private install(member: Member): void {
    const { installing: id } = member
    if (id === null) return
    member.installing = null
    member.log.install({ id, entries: JSON.parse(member.fetched.toString()) as Entry[] })
    this.step(member.id, { type: 'snapshot-installed', snapshot: id })
  }

  private step(id: number, event: RaftEvent): void {
    const member = this.member(id)
    if (member.raft === null) return
    // The node's number is its luck: timeouts differ, and are the same each time.
    for (const effect of member.raft.step(event, this.nowMs, id * 0x0800_0000)) this.carryOut(member, effect)
    if (member.hasAppended) {
      member.hasAppended = false
      this.step(id, { type: 'log-appended' })
    }
    const { role } = member.raft
    if (role !== member.roleTold) this.said.push(`${id} becomes ${role}`)
    member.roleTold = role
  }

  private carryOut(member: Member, effect: RaftEffect): void {
    const { id, log } = member
    const text = effectText(effect)
    if (text !== null) this.said.push(`${id} ${text}`)
    switch (effect.type) {
      case 'persist':
        member.persisted = effect.state
        break
      case 'send':
        this.flying.push({ from: id, to: effect.to, message: effect.message })
        break
      case 'send-records':
        this.sendRecords(member, effect)
        break
      case 'append-records':
        for (const bytes of effect.records) log.append(JSON.parse(bytes.toString()) as Entry)
        member.needsSync = true
        break
      case 'append-leader-change':
        log.append({ epoch: effect.epoch, value: `leader ${id}` })
        if (effect.bootstraps) log.append(votersEntry(effect.epoch, effect.voters))
        member.needsSync = true
        break
      case 'append-voters':
        log.append(votersEntry(member.raft?.epoch ?? -1, effect.voters))
        member.needsSync = true
        member.hasAppended = true
        break
      case 'truncate':
        log.truncate(effect.offset)
        break
      case 'committed':
        member.committed = effect.offset
        break
      case 'send-snapshot':
        this.sendSnapshot(member, effect)
        break
      case 'keep-snapshot':
        member.fetched = Buffer.concat([member.fetched.subarray(0, effect.position), effect.bytes])
        break
      case 'install-snapshot':
        member.installing = effect.snapshot
        break
      default:
        break
    }
  }

  private sendRecords({ id, log }: Member, effect: Extract<RaftEffect, { type: 'send-records' }>): void {
    const { to, requestId, epoch, fetchOffset, highWatermark } = effect
    const records = log.entries.slice(fetchOffset).map((entry) => Buffer.from(JSON.stringify(entry)))
    const rest = { result: 'ok', diverging: null, snapshot: null, highWatermark, records } as const
    this.flying.push({ from: id, to, message: { type: 'fetch-response', requestId, epoch, leader: id, ...rest } })
  }

  private sendSnapshot({ id, log }: Member, effect: Extract<RaftEffect, { type: 'send-snapshot' }>): void {
    const { to, requestId, epoch, snapshot, position } = effect
    const found = log.snapshots.find((kept) => kept.id.endOffset === snapshot.endOffset)
    const whole = found === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(found.entries))
    const bytes = whole.subarray(position, position + PIECE_BYTES)
    const result = bytes.length === 0 ? 'gone' : 'ok'
    const rest = { result, sizeBytes: whole.length, position, bytes } as const
    this.flying.push({
      from: id,
      to,
      message: { type: 'fetch-snapshot-response', requestId, epoch, leader: id, ...rest },
    })
  }

  private statusOf({ id, raft, log }: Member): string {
    if (raft === null) return `${id} down`
    const leader = raft.leader < 0 ? '-' : raft.leader
    const voters = (log.voters?.voters ?? raft.voters).map((voter) => voter.id).join(',')
    const role = raft.isVoter ? raft.role : `${raft.role} (no voter)`
    return `${id} ${role} epoch=${raft.epoch} leader=${leader} end=${log.endOffset} hw=${raft.highWatermark} voters=${voters}`
  }

  private logOf({ id, log, raft }: Member): string {
    const entries = log.entries.slice(log.startOffset).map(entryOf).join(' ')
    const start = log.startOffset === 0 ? '' : `from ${log.startOffset} `
    return `${id} ${start}${entries}${raft === null ? ' (down)' : ''}`.trimEnd()
  }
}

function votersEntry(epoch: number, voters: NonNullable<Entry['voters']>): Entry {
  return { epoch, value: `voters ${voters.map(({ id }) => id).join(',')}`, voters }
}
