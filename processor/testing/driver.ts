import { SerdeError } from '../../client/errors.ts'
import type { Topic } from '../../client/topic.ts'
import { partitionForKey } from '../../proto/kafka/murmur2.ts'
import type { App } from '../app.ts'
import { type Duration, durationMs } from '../duration.ts'
import { ProcessorError } from '../errors.ts'
import type { OutputRecord, RecordHeader, Window } from '../record.ts'
import { ModelTable } from '../state/model-table.ts'
import { asBuffer } from '../state/keys.ts'
import { Task, type TaskMetrics } from '../task/task.ts'
import { resolveWidths, type Widths } from '../topology/partitions.ts'
import type { Topology } from '../topology/plan.ts'
import { Changelogs } from './changelogs.ts'
import { MemoryTopic } from './log.ts'

export interface DriverOptions {
  /** Partitions of topics that are read. @default 1 each */
  readonly partitions?: Readonly<Record<string, number>>
  /** Where the wall clock begins, ms since the epoch. @default 0 */
  readonly startMs?: number
  /** Commit after each push and advance, or only when told. @default 'auto' */
  readonly commit?: 'auto' | 'manual'
}

/** A record to push. */
export interface PushRecord<K, V> {
  readonly key?: K | null
  readonly value: V | null
  /** @default the driver's clock */
  readonly timestamp?: number
  /** @default by the key, as Kafka's default partitioner; 0 without a key */
  readonly partition?: number
  readonly headers?: readonly RecordHeader[]
}

/** A record that a topology wrote. */
export interface DriverRecord<K, V> {
  readonly key: K | null
  readonly value: V | null
  readonly timestamp: number
  /** Undefined when the key decides. */
  readonly partition: number | undefined
  readonly headers: readonly RecordHeader[]
}

/** One key's state. */
export interface StateEntry<K, S> {
  readonly key: K
  readonly state: S
  /** For windowed state. */
  readonly window: Window | undefined
  readonly partition: number
}

/**
 * Runs an app's topology without a broker, on a clock of its own: the same tasks as the runtime, every topic in memory,
 * everything worked off before a call returns.
 */
export class TestDriver {
  readonly #topology: Topology
  readonly #widths: Widths
  readonly #app: App
  readonly #auto: boolean
  readonly #logs = new Map<string, MemoryTopic>()
  readonly #models = new Map<string, MemoryTopic>()
  readonly #written = new Map<string, OutputRecord[]>()
  readonly #changelogs = new Changelogs()
  readonly #committed = new Map<string, { readonly offset: number; readonly metadata: string }>()
  /** Next offset to give to a task, by task and topic. */
  readonly #read = new Map<string, number>()
  #tables = new Map<number, ModelTable>()
  #tasks: Task[] = []
  #nowMs: number

  constructor(app: App, options: DriverOptions = {}) {
    this.#app = app
    this.#auto = options.commit !== 'manual'
    this.#nowMs = options.startMs ?? 0
    this.#topology = app.topology()
    const widthOf = (topic: string): number => options.partitions?.[topic] ?? 1
    const topics = this.#topology.nodes.flatMap((node) => (node.kind === 'source' ? [node.topic.name] : []))
    this.#widths = resolveWidths(this.#topology, new Map(topics.map((topic) => [topic, widthOf(topic)])))
    for (const node of this.#topology.nodes) {
      if (node.kind === 'source' || node.kind === 'repartition-source') {
        this.#logs.set(node.topic.name, new MemoryTopic(node.topic, this.#widths.topics.get(node.topic.name)!))
      }
      if (node.kind === 'model')
        this.#models.set(node.topic.name, new MemoryTopic(node.topic, widthOf(node.topic.name)))
    }
    this.#start()
  }

  /** The wall clock, ms. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Appends to a topic that the app reads, and lets the app work it off. */
  push<K, V>(topic: Topic<K, V>, records: PushRecord<K, V> | readonly PushRecord<K, V>[]): void {
    const targets = [this.#logs.get(topic.name), this.#models.get(topic.name)].filter((log) => log !== undefined)
    if (targets.length === 0) throw unknown(`the app does not read '${topic.name}'`)
    for (const record of Array.isArray(records) ? records : [records as PushRecord<K, V>]) {
      const { key = null, value, timestamp = this.#nowMs, headers = [] } = record as PushRecord<K, V>
      const output: OutputRecord = {
        topic: topic.name,
        partition: (record as PushRecord<K, V>).partition,
        key: key === null ? null : topic.key.encode(key),
        value: value === null ? null : topic.value.encode(value),
        timestamp,
        headers,
      }
      for (const target of targets) this.#append(target, output)
    }
    this.#settle()
  }

  /** Moves the wall clock: timers fire, silent inputs stop holding the watermark. */
  advance(by: Duration): void {
    this.#nowMs += durationMs(by, 'the time to advance by')
    // More than once: silence is told from task to task, and each acts on it when it is confirmed.
    for (let round = 0; round < this.#topology.subtopologies.length; round++) {
      for (const task of this.#tasks) {
        task.advance(this.#nowMs)
        for (const topic of task.inputs.keys()) task.confirmSilence(topic, this.#nowMs)
        this.#drain(task)
      }
      this.#work()
    }
    if (this.#auto) this.commit()
  }

  /** Says that no record older than `to` (ms) will come in a topic: all its partitions, or one. */
  advanceWatermark(topic: Topic, to: number, partition?: number): void {
    for (const task of this.#tasks) {
      if (!task.inputs.has(topic.name) || (partition !== undefined && task.partition !== partition)) continue
      task.advanceWatermark(topic.name, to, this.#nowMs)
      this.#drain(task)
    }
    this.#settle()
  }

  /** The event time that an operator or source has reached, by its `as`: the lowest of its tasks. */
  watermark(as: string): number {
    const node = this.#topology.nodes.find((each) => each.name === as)
    if (node === undefined) throw unknown(`nothing in the topology is named '${as}'`)
    const tasks = this.#tasks.filter((task) => task.part.nodes.includes(node))
    return Math.min(...tasks.map((task) => task.watermarkOf(node.id)))
  }

  /** What was written to a topic since it was last read. */
  read<K, V>(topic: Topic<K, V>): DriverRecord<K, V>[] {
    const records = this.#written.get(topic.name) ?? []
    this.#written.delete(topic.name)
    return records.map(({ key, value, timestamp, partition, headers }) => ({
      key: key === null ? null : decoded(topic, 'key', topic.key.decode.bind(topic.key), key),
      value: value === null ? null : decoded(topic, 'value', topic.value.decode.bind(topic.value), value),
      timestamp,
      partition,
      headers,
    }))
  }

  /** The live state of a store, over all tasks. */
  state<K = unknown, S = unknown>(as: string): StateEntry<K, S>[] {
    const node = this.#topology.nodes.find((each) => each.name === as)
    if (node === undefined || !('stateSerde' in node)) throw unknown(`no state is named '${as}'`)
    const sizeMs = node.kind === 'window-aggregate' ? node.assigner.sizeMs : 0
    return this.#tasks.flatMap((task) =>
      [...task.entries(as)].map(({ key, state, windowStart }) => ({
        key: key as K,
        state: state as S,
        window: windowStart === undefined ? undefined : { start: windowStart, end: windowStart + sizeMs },
        partition: task.partition,
      })),
    )
  }

  metrics(): TaskMetrics[] {
    return this.#tasks.map((task) => task.metrics())
  }

  /**
   * Writes the changelogs, then commits offsets, as the runtime does at each interval (outputs are written at once here).
   * `offsets: false` stops in between, where a crash leads to records being counted twice.
   */
  commit(options: { readonly offsets?: boolean } = {}): void {
    for (const task of this.#tasks) this.#changelogs.append(task.partition, task.flush())
    if (options.offsets === false) return
    for (const task of this.#tasks) {
      for (const { topic, partition, offset, metadata } of task.positions()) {
        this.#committed.set(`${topic}-${partition}`, { offset, metadata })
      }
    }
  }

  /** Dies without commit and starts again: state from the (compacted) changelogs, input from the committed offsets. */
  restart(): void {
    this.#changelogs.compact()
    this.#start()
    this.#settle()
  }

  #start(): void {
    this.#read.clear()
    this.#tables = new Map()
    for (const node of this.#topology.nodes) {
      if (node.kind !== 'model') continue
      const table = new ModelTable(node, this.#app.modelRefused(node.name))
      for (const [partition, log] of this.#models.get(node.topic.name)!.partitions.entries()) {
        for (const record of log) table.apply(record, partition)
      }
      this.#tables.set(node.id, table)
    }
    const { onError = 'fail', deadLetters } = this.#app.options
    this.#tasks = this.#topology.subtopologies.flatMap((part) =>
      Array.from({ length: this.#widths.tasks[part.index]! }, (_, partition) => {
        const places = { topology: this.#topology, widths: this.#widths, tables: this.#tables }
        return new Task({ ...places, part, partition, onError, deadLetters })
      }),
    )
    for (const task of this.#tasks) this.#resume(task)
  }

  #resume(task: Task): void {
    this.#changelogs.restore(task)
    const progress = new Map<string, string>()
    for (const topic of task.inputs.keys()) {
      const committed = this.#committed.get(`${topic}-${task.partition}`)
      if (committed === undefined) continue
      progress.set(topic, committed.metadata)
      this.#read.set(`${task.id}/${topic}`, committed.offset)
    }
    task.resume(progress, this.#nowMs)
    this.#drain(task)
  }

  #settle(): void {
    this.#work()
    if (this.#auto) this.commit()
  }

  /** Gives tasks what is there to read, until nothing is. */
  #work(): void {
    for (let busy = true; busy; ) {
      busy = false
      for (const task of this.#tasks) {
        for (const topic of task.inputs.keys()) if (this.#feed(task, topic)) busy = true
      }
    }
  }

  #feed(task: Task, topic: string): boolean {
    const log = this.#logs.get(topic)!.partitions[task.partition]!
    const at = this.#read.get(`${task.id}/${topic}`) ?? 0
    if (at >= log.length) return false
    this.#read.set(`${task.id}/${topic}`, log.length)
    task.process(topic, log.slice(at), log.length, this.#nowMs)
    this.#drain(task)
    return true
  }

  #drain(task: Task): void {
    for (const output of task.takeOutputs()) {
      const log = this.#logs.get(output.topic)
      if (log !== undefined) this.#append(log, output)
      const models = this.#models.get(output.topic)
      if (models !== undefined) this.#append(models, output)
      const written = this.#written.get(output.topic)
      if (written === undefined) this.#written.set(output.topic, [output])
      else written.push(output)
    }
  }

  #append(log: MemoryTopic, output: OutputRecord): void {
    const count = log.partitions.length
    const partition = output.partition ?? (output.key === null ? 0 : partitionForKey(asBuffer(output.key), count))
    log.append(partition, output)
    if (this.#models.get(output.topic) !== log) return
    const record = log.partitions[partition]!.at(-1)!
    for (const table of this.#tables.values())
      if (table.node.topic.name === output.topic) table.apply(record, partition)
    for (const task of this.#tasks) {
      task.modelsChanged(this.#nowMs)
      this.#drain(task)
    }
  }
}

/** Runs an app's topology in memory. */
export function testDriver(app: App, options?: DriverOptions): TestDriver {
  return new TestDriver(app, options)
}

function decoded<T>(topic: Topic, part: 'key' | 'value', decode: (bytes: Buffer) => T, bytes: Uint8Array): T {
  try {
    return decode(asBuffer(bytes))
  } catch (thrown) {
    throw new SerdeError({ topic: topic.name, part, side: 'decode' }, thrown)
  }
}

function unknown(text: string): ProcessorError {
  return new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', text)
}
