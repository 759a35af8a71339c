import type { Admin } from '../../client/admin/types.ts'
import type { Client } from '../../client/client.ts'
import type { Consumer, ConsumerBatch } from '../../client/consumer/types.ts'
import { deferred } from '../../client/timing.ts'
import type { Topic, TopicPartition } from '../../client/topic.ts'
import { messageOf, ProcessorError } from '../errors.ts'
import type { ErrorPolicy } from '../failure.ts'
import { HEARTBEAT_INTERVAL_MS, TICK_MS, UNASSIGNED_TICKS } from '../limits.ts'
import { type ModelRefused, ModelTable } from '../state/model-table.ts'
import type { Task } from '../task/task.ts'
import type { Topology } from '../topology/plan.ts'
import { type AssignmentOptions, makeTasks } from './assignment.ts'
import { Commits } from './commits.ts'
import { type AppMetrics, collectMetrics, type RunnerState } from './metrics.ts'
import { ModelReader } from './models.ts'
import { SilenceWatch } from './silence.ts'
import { TaskSet } from './task-set.ts'
import { prepareTopics } from './topics.ts'
import { Turns } from './turns.ts'
import { Writer } from './writer.ts'

export interface RunnerOptions {
  readonly client: Client
  readonly topology: Topology
  readonly onError: ErrorPolicy
  readonly deadLetters: string | undefined
  readonly commitIntervalMs: number
  readonly from: 'earliest' | 'latest'
  readonly instanceId: string | undefined
  readonly sessionTimeoutMs: number
  readonly modelRefused: (operator: string) => ModelRefused
}

/** What exists once topics were prepared. */
interface Parts {
  readonly assignment: AssignmentOptions
  readonly writer: Writer
  readonly models: ModelReader
  readonly consumer: Consumer
  readonly commits: Commits
  readonly silence: SilenceWatch
}

/**
 * Runs the tasks of one instance of an app on a Kafka cluster. It fetches, gives batches to tasks, writes what they give,
 * looks at the clock, and commits; what happens to records is up to the tasks. Rebalances, ticks and batches take turns.
 */
export class Runner {
  /** Settles when the runner has stopped; rejects with what stopped it. */
  readonly finished: Promise<void>
  readonly #options: RunnerOptions
  readonly #turns = new Turns()
  readonly #tasks = new TaskSet()
  readonly #tables = new Map<number, ModelTable>()
  readonly #abort = new AbortController()
  readonly #started = deferred<void>()
  readonly #stopped = deferred<void>()
  #admin: Admin | undefined
  #parts: Parts | undefined
  #state: RunnerState = 'starting'
  #failure: unknown
  #ticker: NodeJS.Timeout | undefined
  #committedMs = 0
  #joinedTicks = 0
  #isTicking = false
  #isLooking = false
  #closing: Promise<void> | undefined

  constructor(options: RunnerOptions) {
    this.#options = options
    this.finished = this.#stopped.promise
    // Who does not ask how it ended is not to be ended by it.
    this.finished.catch(() => undefined)
    this.#started.promise.catch(() => undefined)
    for (const node of options.topology.nodes) {
      if (node.kind === 'model') this.#tables.set(node.id, new ModelTable(node, options.modelRefused(node.name)))
    }
  }

  /** Resolves when the first assignment is being processed; rejects with what was in the way. */
  async start(): Promise<void> {
    void this.#run()
    await this.#started.promise
  }

  /** Finishes the batch at hand, commits, leaves the group. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  metrics(): AppMetrics {
    const { consumer, commits } = this.#parts ?? {}
    return collectMetrics(this.#state, [...this.#tasks], [...this.#tables.values()], consumer, commits)
  }

  async #run(): Promise<void> {
    try {
      const parts = await this.#prepare()
      this.#parts = parts
      this.#committedMs = Date.now()
      this.#ticker = setInterval(() => this.#tick(), TICK_MS)
      const models = parts.models.follow(
        (work) => this.#turn(work),
        () => this.#modelsChanged(),
      )
      models.catch((thrown: unknown) => this.#fail(thrown))
      for await (const batch of parts.consumer.batches({ signal: this.#abort.signal })) {
        await this.#turn(() => this.#take(batch))
      }
    } catch (thrown) {
      if (this.#state !== 'closing') this.#fail(thrown)
    } finally {
      await this.#stop()
    }
  }

  async #prepare(): Promise<Parts> {
    const { client, topology, onError, deadLetters, from, instanceId, sessionTimeoutMs } = this.#options
    const { signal } = this.#abort
    const admin = client.admin()
    this.#admin = admin
    const { widths, models: modelWidths } = await prepareTopics(admin, topology, signal)
    const models = new ModelReader(client, this.#tables, modelWidths)
    await models.bootstrap(signal)
    const sources = new Map<string, Topic>()
    for (const node of topology.nodes) {
      if (node.kind === 'source' || node.kind === 'repartition-source') sources.set(node.topic.name, node.topic)
    }
    const consumer = client.consumer({
      group: topology.appId,
      topics: [...sources.values()],
      // Partitions of one number go to one member: what a task needs.
      assignors: ['range'],
      autoCommit: false,
      offsetReset: from,
      sessionTimeoutMs,
      heartbeatIntervalMs: Math.min(HEARTBEAT_INTERVAL_MS, Math.floor(sessionTimeoutMs / 3)),
      ...(instanceId === undefined ? {} : { instanceId }),
      onAssigned: (partitions) => this.#turn(() => this.#assigned(partitions)),
      onRevoked: () => this.#turn(() => this.#revoked()),
      onLost: () => this.#turns.run(async () => this.#tasks.clear()),
    })
    const writer = new Writer(client, topology.appId)
    const repartitions = topology.nodes.flatMap((node) => (node.kind === 'repartition-sink' ? [node.topic.name] : []))
    const commits = new Commits(consumer, writer, admin, new Set(repartitions))
    const assignment = { client, topology, widths, tables: this.#tables, onError, deadLetters, signal }
    return { assignment, writer, models, consumer, commits, silence: new SilenceWatch(admin, consumer) }
  }

  /** After a failure nothing is done any more: what is not committed is for a successor. */
  #turn(work: () => Promise<void>): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#failure !== undefined) return
      try {
        await work()
      } catch (thrown) {
        this.#fail(thrown)
        throw thrown
      }
    })
  }

  async #assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { assignment, consumer, commits } = this.#parts!
    commits.forget(partitions)
    for (const task of await makeTasks(assignment, consumer, partitions)) {
      this.#tasks.add(task)
      await this.#write(task)
    }
    this.#begin()
  }

  async #revoked(): Promise<void> {
    await this.#commit()
    this.#tasks.clear()
  }

  async #take(batch: ConsumerBatch): Promise<void> {
    const task = this.#tasks.at(batch)
    if (task === undefined) return
    task.process(batch.topic, batch.toArray(), batch.nextOffset, Date.now())
    if (task.isBlocked || task.pending > 0) this.#parts!.consumer.pause(this.#inputsOf(task))
    await this.#write(task)
    await this.#commitIfDue()
  }

  /** At most one tick and one look wait for their turn at a time; the next ones look at everything anew. */
  #tick(): void {
    if (this.#failure !== undefined || this.#state === 'closing') return
    const { silence, consumer } = this.#parts!
    const nowMs = Date.now()
    // More instances than partitions: this one has joined, and nothing was assigned to it.
    if (this.#state === 'starting' && consumer.generation >= 0 && ++this.#joinedTicks >= UNASSIGNED_TICKS) this.#begin()
    if (!this.#isTicking) {
      this.#isTicking = true
      this.#turn(() => this.#advance())
        .catch(() => undefined)
        .finally(() => (this.#isTicking = false))
    }
    if (!this.#isLooking && silence.isDue(nowMs)) {
      this.#isLooking = true
      this.#lookAtSilence(nowMs)
        .catch((thrown: unknown) => this.#fail(thrown))
        .finally(() => (this.#isLooking = false))
    }
  }

  async #advance(): Promise<void> {
    for (const task of this.#tasks) {
      task.advance(Date.now())
      await this.#write(task)
    }
    await this.#commitIfDue()
  }

  async #lookAtSilence(nowMs: number): Promise<void> {
    const { silence } = this.#parts!
    const { atMs, silent, unknown } = await silence.look(this.#tasks, nowMs)
    if (silent.length === 0 && unknown.length === 0) return
    await this.#turn(async () => {
      for (const place of unknown) this.#tasks.at(place)?.lostTouch(place.topic, Date.now())
      for (const place of silent) {
        const task = this.#tasks.at(place)
        if (task === undefined || !silence.isStill(place)) continue
        task.confirmSilence(place.topic, atMs)
        await this.#write(task)
      }
    })
  }

  async #modelsChanged(): Promise<void> {
    for (const task of this.#tasks) {
      const wasPaused = task.isBlocked || task.pending > 0
      task.modelsChanged(Date.now())
      if (wasPaused && !task.isBlocked && task.pending === 0) this.#parts!.consumer.resume(this.#inputsOf(task))
      await this.#write(task)
    }
  }

  async #write(task: Task): Promise<void> {
    const outputs = task.takeOutputs()
    if (outputs.length > 0) await this.#parts!.writer.outputs(outputs)
  }

  async #commitIfDue(): Promise<void> {
    const nowMs = Date.now()
    if (nowMs - this.#committedMs < this.#options.commitIntervalMs) return
    await this.#commit()
    // Not waited for: it may take as long as an outage does.
    void this.#parts!.commits.purge(this.#tasks, nowMs)
  }

  async #commit(): Promise<void> {
    this.#committedMs = Date.now()
    await this.#parts!.commits.commit(this.#tasks)
  }

  /** The partitions of a task that are read here: without state, another member may have some of them. */
  #inputsOf({ inputs, partition }: Task): TopicPartition[] {
    return this.#parts!.consumer.assignment.filter((each) => each.partition === partition && inputs.has(each.topic))
  }

  #begin(): void {
    if (this.#state !== 'starting') return
    this.#state = 'running'
    this.#started.resolve()
  }

  async #close(): Promise<void> {
    if (this.#failure === undefined) this.#state = 'closing'
    if (this.#parts === undefined) this.#abort.abort()
    else {
      await this.#turn(() => this.#commit()).catch(() => undefined)
      await this.#parts.consumer.close()
    }
    await this.finished
  }

  /** The first failure counts: nothing is committed after it. */
  #fail(thrown: unknown): void {
    if (this.#failure !== undefined || this.#state === 'closed') return
    this.#failure = thrown instanceof ProcessorError ? thrown : wrapped(thrown)
    this.#state = 'failed'
    this.#abort.abort()
  }

  async #stop(): Promise<void> {
    clearInterval(this.#ticker)
    const { consumer, models, writer } = this.#parts ?? {}
    for (const part of [consumer, models, writer, this.#admin]) {
      await part?.close().catch((thrown: unknown) => this.#fail(thrown))
    }
    this.#tasks.clear()
    if (this.#failure === undefined) {
      this.#state = 'closed'
      this.#stopped.resolve()
      this.#started.reject(new ProcessorError('PROCESSOR_CLOSED', 'closed before it had started'))
    } else {
      this.#stopped.reject(this.#failure)
      this.#started.reject(this.#failure)
    }
  }
}

function wrapped(thrown: unknown): ProcessorError {
  return new ProcessorError('PROCESSOR_CLIENT_FAILED', messageOf(thrown), { cause: thrown })
}
