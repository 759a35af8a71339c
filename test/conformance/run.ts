/** Runs one scenario against a bootstrap address and returns the normalised replies. */
import { randomUUID } from 'node:crypto'
import { normalise, Names } from './normalise.ts'
import type { Scenario, Step } from './scenario.ts'
import { readable, toWire } from './values.ts'
import { Wire } from './wire.ts'

export interface Exchange {
  readonly request: string
  readonly reply: unknown
}

interface Pending {
  readonly title: string
  readonly reply: Promise<unknown>
}

/** Coordinator still loading or just created: answers that only say "ask again". */
const coordinatorNotReady = new Set([14, 15, 16])

class Run {
  readonly #host: string
  readonly #port: number
  readonly #connections = new Map<string, Wire>()
  readonly #variables = new Map<string, unknown>()
  readonly #names = new Names()
  readonly #pending = new Map<string, Pending>()
  readonly #exchanges: Exchange[] = []
  #last: unknown = null

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
  }

  async all(scenario: Scenario): Promise<Exchange[]> {
    try {
      for (const step of scenario.steps) await this.#step(step)
      return this.#exchanges
    } finally {
      for (const wire of this.#connections.values()) wire.close()
    }
  }

  async #wire(name: string): Promise<Wire> {
    let wire = this.#connections.get(name)
    if (wire === undefined) {
      wire = await Wire.connect(this.#host, this.#port)
      this.#connections.set(name, wire)
    }
    return wire
  }

  async #ask(api: string, version: number, body: unknown): Promise<Record<string, unknown>> {
    const wire = await this.#wire('main')
    return (await wire.request(api, version, body)) as Record<string, unknown>
  }

  async #step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'topic':
        return this.#createTopic(step.alias, step.partitions, step.configs)
      case 'group':
        return this.#prepareGroup(step.alias)
      case 'request':
        return this.#request(step)
      case 'await': {
        const pending = this.#pending.get(step.pending)
        if (pending === undefined) throw new Error(`nothing pending as ${step.pending}`)
        return this.#record(pending.title, await pending.reply)
      }
      case 'capture': {
        const value = pathOf(this.#last, step.path)
        if (value === undefined) throw new Error(`no ${step.path} in ${JSON.stringify(this.#last)}`)
        this.#variables.set(`$${step.variable}`, value)
        return
      }
      case 'compare': {
        const exchange = this.#exchanges.pop()
        if (exchange === undefined) throw new Error('nothing to compare')
        const picked = Object.fromEntries(step.paths.map((path) => [path, pathOf(exchange.reply, path) ?? null]))
        this.#exchanges.push({ request: exchange.request, reply: picked })
        return
      }
      case 'sleep':
        return new Promise((resolve) => setTimeout(resolve, step.ms))
    }
  }

  async #request(step: Step & { kind: 'request' }): Promise<void> {
    const body = toWire(this.#substitute(step.body))
    const title = `${step.api} v${step.version}${step.pending === null ? '' : ` as ${step.pending}`}`
    const wire = await this.#wire(step.connection)
    const reply = wire
      .request(step.api, step.version, body)
      .catch((error: unknown) => ({ closed: String((error as Error).message) }))
    if (step.pending !== null) {
      this.#pending.set(step.pending, { title, reply })
      return
    }
    this.#record(title, await reply)
  }

  #record(title: string, reply: unknown): void {
    const shown = readable(reply)
    this.#last = shown
    this.#exchanges.push({ request: title, reply: normalise('', shown, this.#names) })
  }

  #substitute(value: unknown): unknown {
    if (typeof value === 'string' && value.startsWith('$')) {
      if (!this.#variables.has(value)) throw new Error(`unknown variable ${value}`)
      return this.#variables.get(value)
    }
    if (Array.isArray(value)) return value.map((item) => this.#substitute(item))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#substitute(inner)]))
    }
    return value
  }

  async #createTopic(
    alias: string,
    partitions: number,
    configs: readonly (readonly [string, string])[],
  ): Promise<void> {
    const name = `conformance-${alias}-${randomUUID().slice(0, 8)}`
    const created = await this.#ask('CreateTopics', 7, {
      topics: [
        {
          name,
          numPartitions: partitions,
          replicationFactor: 1,
          configs: configs.map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs: 10_000,
    })
    const topic = (created.topics as { errorCode: number; topicId: string }[])[0]
    if (topic.errorCode !== 0) throw new Error(`could not create ${name}: error ${topic.errorCode}`)
    this.#variables.set(`$${alias}`, name)
    this.#variables.set(`$${alias}.id`, topic.topicId)
    this.#names.bind(name, `$${alias}`)
    this.#names.bind(topic.topicId, `$${alias}.id`)
    await this.#until(`the leaders of ${name}`, async () => {
      const offsets = await this.#ask('ListOffsets', 5, {
        replicaId: -1,
        topics: [
          {
            name,
            partitions: Array.from({ length: partitions }, (_, index) => ({
              partitionIndex: index,
              currentLeaderEpoch: -1,
              timestamp: -1,
            })),
          },
        ],
      })
      const answered = (offsets.topics as { partitions: { errorCode: number }[] }[])[0].partitions
      return answered.every((partition) => partition.errorCode === 0)
    })
  }

  async #prepareGroup(alias: string): Promise<void> {
    const name = `conformance-${alias}-${randomUUID().slice(0, 8)}`
    this.#variables.set(`$${alias}`, name)
    this.#names.bind(name, `$${alias}`)
    await this.#until(`the coordinator of ${name}`, async () => {
      const found = await this.#ask('FindCoordinator', 1, { key: name, keyType: 0 })
      if (found.errorCode !== 0) return false
      const fetched = await this.#ask('OffsetFetch', 5, { groupId: name, topics: null })
      return !coordinatorNotReady.has(fetched.errorCode as number)
    })
  }

  async #until(what: string, ready: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (await ready()) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`waited in vain for ${what}`)
  }
}

function pathOf(value: unknown, path: string): unknown {
  let current = value
  for (const part of path
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter(Boolean)) {
    if (typeof current !== 'object' || current === null) return undefined
    current = (current as Record<string, unknown>)[part]
  }
  return current
}

export function runScenario(scenario: Scenario, host: string, port: number): Promise<Exchange[]> {
  return new Run(host, port).all(scenario)
}
