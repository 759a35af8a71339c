/**
 * Scenarios as text. `== title` begins one, with options of the broker behind it; a line that begins with `>` is a
 * command, the lines below it are what came of it, `#` is a comment:
 *
 *     == a newcomer waits for the initial delay  initialRebalanceDelayMs=3000
 *     > join a
 *     a parked
 *     > advance 3s
 *     a joined generation=1 id=a-1 protocol=range leader=a-1 members=a-1
 *
 * `a` is a client; the ids it is given are `a-N`, and it uses the last one unless told otherwise (`id=`). `stable a b`
 * makes a stable group of two.
 */
import { Errors } from '../../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import type { JoinResult, LeaveResult, SyncResult } from '../../../broker/groups/api.ts'
import type { GroupOptions } from '../../../broker/groups/options.ts'
import { joinRequest, name, subscription, TestCoordinator } from './coordinator.ts'

interface Command {
  readonly verb: string
  readonly words: readonly string[]
  readonly options: ReadonlyMap<string, string>
}

export interface ScenarioText {
  readonly title: string
  readonly options: Partial<GroupOptions>
  /** Commands, comments and outcomes, in order. */
  readonly lines: readonly string[]
}

export function parseScenarios(text: string): ScenarioText[] {
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [head = '', ...body] = part.split('\n')
      const options = Object.fromEntries(
        [...head.matchAll(/ (\w+)=(\d+)/g)].map(([, key, value]) => [key, Number(value)]),
      )
      return {
        title: head.replaceAll(/ +\w+=\d+/g, '').trim(),
        options,
        lines: body.map((line) => line.trim()).filter((line) => line !== ''),
      }
    })
}

export function renderScenarios(scenarios: readonly ScenarioText[]): string {
  const text = scenarios.map(({ title, options, lines }) => {
    const settings = Object.entries(options).map(([key, value]) => `  ${key}=${value}`)
    return [`== ${title}${settings.join('')}`, ...lines].join('\n')
  })
  return `${text.join('\n\n')}\n`
}

/** Runs the commands of a scenario; what it returns is the scenario as it really goes. */
export function play({ lines, options }: ScenarioText): string[] {
  const scenario = new Scenario(options)
  return lines.flatMap((line) => {
    if (line.startsWith('#')) return [line]
    return line.startsWith('>') ? [line, ...scenario.run(parse(line.slice(1)))] : []
  })
}

function parse(text: string): Command {
  const [verb = '', ...rest] = text.trim().split(/\s+/)
  const options = new Map<string, string>()
  const words: string[] = []
  for (const word of rest) {
    const at = word.indexOf('=')
    if (at === -1) words.push(word)
    else options.set(word.slice(0, at), word.slice(at + 1))
  }
  return { verb, words, options }
}

/** `1` stands for the topic id that begins with 1. */
function topicId(digit: string | undefined): string {
  return digit === undefined ? ZERO_UUID : digit + ZERO_UUID.slice(1)
}

function duration(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text)
  if (match === null) throw new Error(`not a duration: ${text}`)
  return Number(match[1]) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 's']
}

class Scenario {
  readonly coordinator: TestCoordinator
  readonly ids = new Map<string, string>()
  readonly generations = new Map<string, number>()
  #out: string[] = []
  readonly #verbs: Readonly<Record<string, (command: Command) => void>>

  constructor(options: Partial<GroupOptions>) {
    this.coordinator = new TestCoordinator(options)
    this.#verbs = {
      join: (command) => this.#join(command),
      sync: (command) => this.#sync(command),
      heartbeat: (command) => this.#heartbeat(command),
      leave: (command) => this.#leave(command),
      commit: (command) => this.#commit(command),
      fetch: (command) => this.#fetch(command),
      delete: (command) => this.#delete(command),
      'delete-offsets': (command) => this.#deleteOffsets(command),
      'delete-topic': ({ words, options }) =>
        this.coordinator.shard.topicsDeleted(
          words.map((topic) => ({ name: topic, id: topicId(options.get('topic-id') ?? '1') })),
          this.coordinator.now,
        ),
      describe: (command) => this.#describe(command),
      list: () => {
        for (const group of this.coordinator.shard.list()) {
          this.#print(`${group.groupId} ${group.state} type=${group.type} protocol=${group.protocolType}`)
        }
      },
      advance: ({ words }) => this.coordinator.advance(duration(words[0] as string)),
      hold: () => {
        this.coordinator.held = true
      },
      release: () => {
        this.coordinator.held = false
      },
      fail: ({ words }) => {
        this.coordinator.failWith = Errors[words[0] as 'NONE']
      },
      restart: () => this.coordinator.restart(),
      stable: ({ words }) => this.#stable(words),
    }
  }

  run(command: Command): string[] {
    this.#out = []
    const verb = this.#verbs[command.verb]
    if (verb === undefined) throw new Error(`no such command: ${command.verb}`)
    verb(command)
    this.coordinator.drain()
    return this.#out
  }

  #print(line: string): void {
    this.#out.push(line)
  }

  /** Says so when nothing was answered. */
  #answerOrParked(client: string, call: (done: (line: string) => void) => void): void {
    let answered = false
    call((line) => {
      answered = true
      this.#print(`${client} ${line}`)
    })
    this.coordinator.drain()
    if (!answered) this.#print(`${client} parked`)
  }

  /** All join, the first leads and gives each client its name as assignment. */
  #stable(clients: readonly string[]): void {
    for (const client of clients) this.run(parse(`join ${client}`))
    while (clients.some((client) => !this.generations.has(client))) this.coordinator.advance(1_000)
    for (const client of [...clients].reverse()) {
      this.run(parse(`sync ${client} assign=${clients.map((each) => `${each}:${each.toUpperCase()}`).join(',')}`))
    }
    this.#out = []
    this.#describe(parse('describe'))
  }

  #member({ words, options }: Command) {
    const client = words[0] as string
    const memberId = options.get('id') ?? this.ids.get(client) ?? ''
    const generationId = Number(options.get('generation') ?? this.generations.get(client) ?? -1)
    return {
      client,
      memberId,
      generationId,
      groupInstanceId: options.get('instance') ?? null,
      groupId: options.get('group') ?? 'g',
    }
  }

  #join(command: Command): void {
    const { options } = command
    const { client, memberId, groupInstanceId, groupId } = this.#member(command)
    const version = Number(options.get('v') ?? 3)
    const sessionTimeoutMs = duration(options.get('session') ?? '10s')
    const topics = (options.get('topics') ?? 't').split(',')
    const request = joinRequest(client, {
      groupId,
      memberId: command.words.includes('new') ? '' : memberId,
      groupInstanceId,
      requireKnownMemberId: version >= 4,
      supportsSkippingAssignment: version >= 9,
      sessionTimeoutMs,
      rebalanceTimeoutMs: version === 0 ? sessionTimeoutMs : duration(options.get('rebalance') ?? '60s'),
      protocolType: options.get('type') ?? 'consumer',
      protocols: (options.get('protocols') ?? 'range')
        .split(',')
        .filter(Boolean)
        .map((each) => ({ name: each, metadata: subscription(...topics) })),
    })
    this.#answerOrParked(client, (done) =>
      this.coordinator.shard.join(request, this.coordinator.now, (result) => done(this.#joined(client, result))),
    )
  }

  #joined(client: string, result: JoinResult): string {
    if (result.error === Errors.MEMBER_ID_REQUIRED) {
      this.ids.set(client, result.memberId)
      return `MEMBER_ID_REQUIRED id=${result.memberId}`
    }
    if (result.error !== Errors.NONE)
      return `join ${name(result.error)}${result.memberId === '' ? '' : ` id=${result.memberId}`}`
    this.ids.set(client, result.memberId)
    this.generations.set(client, result.generationId)
    const members = result.members.map((member) => member.memberId).join(',')
    const skip = result.skipAssignment ? ' skip-assignment' : ''
    return `joined generation=${result.generationId} id=${result.memberId} protocol=${result.protocolName} leader=${result.leader}${members === '' ? '' : ` members=${members}`}${skip}`
  }

  #sync(command: Command): void {
    const { client, ...member } = this.#member(command)
    const assignments = (command.options.get('assign') ?? '')
      .split(',')
      .filter(Boolean)
      .map((each) => {
        const [to = '', what = ''] = each.split(':')
        return { memberId: this.ids.get(to) ?? to, assignment: Buffer.from(what) }
      })
    const protocolType = command.options.get('type') ?? null
    const protocolName = command.options.get('protocol') ?? null
    this.#answerOrParked(client, (done) =>
      this.coordinator.shard.sync(
        { ...member, protocolType, protocolName, assignments },
        this.coordinator.now,
        (result: SyncResult) =>
          done(
            result.error === Errors.NONE
              ? `synced "${result.assignment.toString()}" ${result.protocolType}/${result.protocolName}`
              : `sync ${name(result.error)}`,
          ),
      ),
    )
  }

  #heartbeat(command: Command): void {
    const { client, ...member } = this.#member(command)
    this.#print(`${client} heartbeat ${name(this.coordinator.shard.heartbeat(member, this.coordinator.now))}`)
  }

  #leave(command: Command): void {
    const members = command.words.map((client) => {
      const { memberId, groupInstanceId } = this.#member({ ...command, words: [client] })
      return { memberId: command.options.has('id') || client !== '-' ? memberId : '', groupInstanceId, reason: null }
    })
    const result: LeaveResult = this.coordinator.shard.leave(
      { groupId: command.options.get('group') ?? 'g', members },
      this.coordinator.now,
    )
    for (const [i, member] of result.members.entries()) this.#print(`${command.words[i]} left ${name(member.error)}`)
  }

  /** `commit a t/0:5 t/1:7:metadata`, `commit - t/0:5` without membership. */
  #commit(command: Command): void {
    const { options } = command
    const { client, ...member } = this.#member(command)
    const topics = command.words.slice(1).map((word) => {
      const [where = '', offset = '0', metadata = null] = word.split(':')
      const [topic = '', partition = '0'] = where.split('/')
      const leaderEpoch = Number(options.get('epoch') ?? -1)
      return {
        topic,
        topicId: topicId(options.get('topic-id')),
        partitions: [{ partition: Number(partition), offset: Number(offset), leaderEpoch, metadata }],
      }
    })
    const retention = options.get('retention')
    const request = {
      ...member,
      topics,
      retentionTimeMs: retention === undefined ? -1 : duration(retention),
      knowsGroupIdNotFound: Number(options.get('v') ?? 9) >= 9,
    }
    this.#answerOrParked(client, (done) =>
      this.coordinator.shard.commit(request, this.coordinator.now, (results) => {
        const errors = results.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, error }) => `${topic}/${partition} ${name(error)}`),
        )
        done(`committed ${errors.join(', ')}`)
      }),
    )
  }

  /** `fetch t/0 t/1`, or `fetch *` for all. */
  #fetch(command: Command): void {
    const all = command.words[0] === '*'
    const id = topicId(command.options.get('topic-id'))
    const topics = all
      ? null
      : command.words.map((word) => {
          const [topic = '', partition = '0'] = word.split('/')
          return { topic, topicId: id, partitions: [Number(partition)] }
        })
    const requireStable = command.options.has('stable')
    this.#answerOrParked('-', (done) =>
      this.coordinator.shard.fetch(
        { groupId: command.options.get('group') ?? 'g', memberId: null, memberEpoch: -1, topics, requireStable },
        (result) => {
          const found = result.topics.flatMap(({ topic, partitions }) =>
            partitions.map(
              (each) =>
                `${topic}/${each.partition}=${each.offset}${each.leaderEpoch === -1 ? '' : `@${each.leaderEpoch}`}${each.metadata === '' ? '' : `"${each.metadata}"`}`,
            ),
          )
          done(`fetched ${found.join(' ')}`.trim())
        },
      ),
    )
  }

  #delete(command: Command): void {
    const groupId = command.words[0] as string
    this.#answerOrParked(groupId, (done) =>
      this.coordinator.shard.deleteGroup(groupId, this.coordinator.now, ({ error }) => done(`deleted ${name(error)}`)),
    )
  }

  #deleteOffsets(command: Command): void {
    const topics = command.words.map((word) => {
      const [topic = '', partition = '0'] = word.split('/')
      return { topic, partitions: [Number(partition)] }
    })
    this.#answerOrParked('-', (done) =>
      this.coordinator.shard.deleteOffsets(
        { groupId: command.options.get('group') ?? 'g', topics },
        this.coordinator.now,
        (result) => {
          const errors = result.topics.flatMap(({ topic, partitions }) =>
            partitions.map(({ partition, error }) => `${topic}/${partition} ${name(error)}`),
          )
          done(`offsets deleted ${name(result.error)} ${errors.join(', ')}`.trim())
        },
      ),
    )
  }

  #describe(command: Command): void {
    const group = this.coordinator.shard.describe(command.words[0] ?? 'g')
    const members = group.members.map(
      (member) => `${member.memberId}${member.assignment.length === 0 ? '' : `:"${member.assignment.toString()}"`}`,
    )
    this.#print(
      `${group.groupId} ${group.error === Errors.NONE ? '' : `${name(group.error)} `}${group.state} ${group.protocolType}/${group.protocolName} ${members.join(' ')}`.trim(),
    )
  }
}
