import { ProcessorError, messageOf } from '../errors.ts'
import type { ErrorPolicy } from '../failure.ts'
import { type CompiledTask, compileTask } from '../operators/compile.ts'
import { Scope } from '../operators/scope.ts'
import type { ChangelogRecord, InputRecord, OutputRecord } from '../record.ts'
import type { ModelTable } from '../state/model-table.ts'
import type { StoredEntry } from '../state/store.ts'
import type { Widths } from '../topology/partitions.ts'
import type { Subtopology, Topology } from '../topology/plan.ts'
import type { EventClock } from '../windows/watermark.ts'
import { TaskInput, type TaskPosition } from './input.ts'

export interface TaskOptions {
  readonly topology: Topology
  readonly part: Subtopology
  readonly partition: number
  readonly widths: Widths
  /** By id of the model node; shared by the tasks of a process. */
  readonly tables: ReadonlyMap<number, ModelTable>
  readonly onError: ErrorPolicy
  readonly deadLetters: string | undefined
}

/** Counters and gauges of a task. */
export interface TaskMetrics {
  readonly task: string
  readonly recordsIn: number
  readonly recordsOut: number
  /** Records that wait for a model. */
  readonly waiting: number
  /** Entries of state, by store. */
  readonly stateEntries: Readonly<Record<string, number>>
  /** Records that ended without a result, by operator and reason. */
  readonly dropped: readonly { readonly operator: string; readonly reason: string; readonly records: number }[]
  /** Event time reached, by clock: the lowest. -Infinity before the first record. */
  readonly watermark: number
}

/**
 * One subtopology at one partition: pure and synchronous. Records, the time and changes of models go in; outputs, changelog
 * records and positions are taken out. What is taken out must become durable in that order, positions last.
 */
export class Task {
  /** `<subtopology>_<partition>`. */
  readonly id: string
  readonly partition: number
  readonly part: Subtopology
  readonly inputs: ReadonlyMap<string, TaskInput>
  readonly #scope: Scope
  readonly #compiled: CompiledTask
  #recordsIn = 0
  /** Inputs that still have records, because a model is waited for, oldest first. */
  #backlog: TaskInput[] = []

  constructor(options: TaskOptions) {
    const { part, partition, widths, topology } = options
    this.part = part
    this.partition = partition
    this.id = `${part.index}_${partition}`
    const names = topology.nodes.map((node) => node.name)
    this.#scope = new Scope({ onError: options.onError, deadLetters: options.deadLetters, names })
    const tasks = widths.tasks[part.index]!
    const scope = this.#scope
    this.#compiled = compileTask({ part, scope, partition, tasks, widths: widths.topics, tables: options.tables })
    const topics = [...new Set(this.#compiled.sources.map((source) => source.topic))]
    const { sources, models } = this.#compiled
    this.inputs = new Map(topics.map((topic) => [topic, new TaskInput(topic, partition, sources, models)]))
  }

  /** Takes records of a topic, in their order; `nextOffset` is where its partition goes on after them. */
  process(topic: string, records: readonly InputRecord[], nextOffset: number, nowMs: number): void {
    this.#scope.nowMs = nowMs
    const input = this.#input(topic)
    input.offer(records, nextOffset)
    if (!this.#backlog.includes(input)) this.#backlog.push(input)
    this.#run()
    this.#endTurn()
  }

  /** The wall clock has come to `nowMs`: its timers fire. */
  advance(nowMs: number): void {
    this.#scope.nowMs = nowMs
    for (const operator of this.#compiled.processes) operator.advanceWall(nowMs)
    this.#endTurn()
  }

  /** Looked at `nowMs`, the end of a topic's partition was where this task stands. */
  confirmSilence(topic: string, nowMs: number): void {
    this.#scope.nowMs = nowMs
    const input = this.#input(topic)
    if (input.pending > 0) return
    let changed = false
    for (const source of input.sources) {
      for (const channel of source.channels) if (channel.confirmSilence(nowMs)) changed = true
    }
    if (changed) for (const clock of this.#compiled.clocks) clock.update()
    for (const clock of this.#compiled.clocks) clock.drift()
    this.#endTurn()
  }

  /** It is not known whether a topic's partition has something new: silence begins anew. */
  lostTouch(topic: string, nowMs: number): void {
    for (const source of this.#input(topic).sources) for (const channel of source.channels) channel.lostTouch(nowMs)
  }

  /** No record of a topic older than `to` will come: its watermark moves there. */
  advanceWatermark(topic: string, to: number, nowMs: number): void {
    this.#scope.nowMs = nowMs
    for (const source of this.#input(topic).sources) {
      for (const channel of source.channels) channel.watermark = Math.max(channel.watermark, to)
      for (const clock of source.clocks) clock.update()
    }
    this.#endTurn()
  }

  /** A table of models has changed: what waited may go on. */
  modelsChanged(nowMs: number): void {
    this.#scope.nowMs = nowMs
    for (const operator of this.#compiled.models) operator.drain()
    this.#run()
    this.#endTurn()
  }

  /** Too many records wait for a model: give it no more. */
  get isBlocked(): boolean {
    return this.#compiled.models.some((operator) => operator.isFull)
  }

  /** Records taken that could not be worked on yet. */
  get pending(): number {
    let pending = 0
    for (const input of this.inputs.values()) pending += input.pending
    return pending
  }

  /** Outputs since the last call. */
  takeOutputs(): OutputRecord[] {
    return this.#scope.takeOutputs()
  }

  /** Changes of state since the last call. */
  flush(): ChangelogRecord[] {
    return this.#compiled.stores.flatMap((store) => store.flush())
  }

  /** Where each input may be committed; those of which nothing was read are left out. */
  positions(): TaskPosition[] {
    return [...this.inputs.values()].flatMap((input) => input.position() ?? [])
  }

  /** Takes one changelog record of a store, oldest first. */
  restore(store: string, key: Buffer, value: Buffer | null): void {
    try {
      this.#compiled.stores.find((each) => each.name === store)!.restore(key, value)
    } catch (thrown) {
      const text = `the changelog of '${store}', partition ${this.partition}, cannot be read: ${messageOf(thrown)}`
      throw new ProcessorError('PROCESSOR_INVALID_STATE', text, { cause: thrown })
    }
  }

  /** All state is there: event time goes on from what was committed (topic to text), silence begins now. */
  resume(progress: ReadonlyMap<string, string>, nowMs: number): void {
    this.#scope.nowMs = nowMs
    for (const [topic, text] of progress) this.inputs.get(topic)?.resume(text)
    for (const input of this.inputs.values()) this.lostTouch(input.topic, nowMs)
    for (const clock of this.#compiled.clocks) clock.watermark = this.#committedClock(clock)
    for (const store of this.#compiled.stores) store.restored()
    const { clockOf, windows, processes } = this.#compiled
    for (const operator of windows) operator.resume(clockOf(operator.nodeId).watermark)
    for (const operator of processes) operator.resume(clockOf(operator.nodeId).watermark)
    for (const clock of this.#compiled.clocks) clock.update()
    this.#endTurn()
  }

  /** The live state of a store of this task. */
  entries(store: string): Iterable<StoredEntry> {
    return this.#compiled.stores.find((each) => each.name === store)?.entries() ?? []
  }

  /** Event time that a node of this task has reached. */
  watermarkOf(node: number): number {
    return this.#compiled.clockOf(node).watermark
  }

  metrics(): TaskMetrics {
    const dropped = [...this.#scope.dropped].flatMap(([operator, reasons]) =>
      [...reasons].map(([reason, records]) => ({ operator, reason, records })),
    )
    return {
      task: this.id,
      recordsIn: this.#recordsIn,
      recordsOut: this.#scope.recordsOut,
      waiting: this.#compiled.models.reduce((sum, operator) => sum + operator.waiting, 0),
      stateEntries: Object.fromEntries(this.#compiled.stores.map((store) => [store.name, store.size])),
      dropped,
      watermark: this.#compiled.clocks.reduce(
        (least, clock) => Math.min(least, clock.watermark),
        Number.POSITIVE_INFINITY,
      ),
    }
  }

  #run(): void {
    while (this.#backlog.length > 0) {
      const input = this.#backlog[0]!
      this.#recordsIn += input.run(() => this.isBlocked)
      if (input.pending > 0) return
      this.#backlog.shift()
    }
  }

  /** What is due by now fires; what event time was reached is told downstream, after the records it vouches for. */
  #endTurn(): void {
    for (const operator of this.#compiled.processes) operator.fireOverdue()
    for (const operator of this.#compiled.repartitions) operator.sendWatermark()
  }

  #committedClock(clock: EventClock): number {
    const inputs = [...this.inputs.values()].filter((input) => input.clocks.includes(clock))
    if (inputs.length === 0) return Number.NEGATIVE_INFINITY
    return Math.min(...inputs.map((input) => input.committedClocks.get(clock) ?? Number.NEGATIVE_INFINITY))
  }

  #input(topic: string): TaskInput {
    const input = this.inputs.get(topic)
    if (input === undefined) throw new RangeError(`task ${this.id} does not read ${topic}`)
    return input
  }
}
