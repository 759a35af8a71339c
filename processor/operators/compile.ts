import type { ModelTable } from '../state/model-table.ts'
import type { Store } from '../state/store.ts'
import type { TopologyNode } from '../topology/node.ts'
import type { Subtopology } from '../topology/plan.ts'
import { Channel, EventClock, type Timed } from '../windows/watermark.ts'
import { aggregate } from './aggregate.ts'
import { ModelOperator, waitingGate } from './model.ts'
import { ProcessOperator } from './process.ts'
import type { Push, Scope } from './scope.ts'
import { RepartitionSink, sink } from './sink.ts'
import { RepartitionSource, type Source, TopicSource, upstreamChannel } from './source.ts'
import { fanOut, filter, flatMap, forEach, map } from './stateless.ts'
import { WindowAggregateOperator } from './window-aggregate.ts'

/** Where a task is, for its operators. */
export interface CompileOptions {
  readonly part: Subtopology
  readonly scope: Scope
  readonly partition: number
  readonly tasks: number
  /** Partitions of topics. */
  readonly widths: ReadonlyMap<string, number>
  /** By id of the model node. */
  readonly tables: ReadonlyMap<number, ModelTable>
}

/** The operators of one task, fused: each source pushes into one function that calls the next. */
export interface CompiledTask {
  readonly sources: readonly Source[]
  readonly clocks: readonly EventClock[]
  readonly stores: readonly Store[]
  readonly windows: readonly WindowAggregateOperator[]
  readonly processes: readonly ProcessOperator[]
  readonly models: readonly ModelOperator[]
  readonly repartitions: readonly RepartitionSink[]
  readonly clockOf: (node: number) => EventClock
}

export function compileTask(options: CompileOptions): CompiledTask {
  const { nodes } = options.part
  const clocks = makeClocks(nodes, options)
  const maker = new Maker(options, clocks)
  const targets = new Map<number, Push[]>(nodes.map((node) => [node.id, []]))
  // Backwards, so that what a node pushes into is there.
  for (const node of nodes.toReversed()) {
    const push = maker.make(node, fanOut(targets.get(node.id)!))
    for (const input of node.inputs) targets.get(input)!.unshift(push)
  }
  for (const { node, timed } of maker.timed.toReversed()) clocks.of(node).register(timed)
  return {
    sources: maker.sources.toReversed(),
    clocks: clocks.inOrder,
    stores: maker.stores.toReversed(),
    windows: maker.windows.toReversed(),
    processes: maker.processes.toReversed(),
    models: maker.models.toReversed(),
    repartitions: maker.repartitions.toReversed(),
    clockOf: (node) => clocks.of(node),
  }
}

interface Clocks {
  /** Fewer sources first: a clock over more of them belongs to what is further downstream. */
  readonly inOrder: readonly EventClock[]
  /** By id: of sources that have a partition here, and of models that records may wait for, which hold time back. */
  readonly channels: ReadonlyMap<number, Channel[]>
  of(node: number): EventClock
  /** Those that move when this source or model does. */
  under(id: number): EventClock[]
}

/** One clock for each set of sources (and models waited for) that some node hangs on. */
function makeClocks(nodes: readonly TopologyNode[], { widths, partition }: CompileOptions): Clocks {
  const channels = new Map<number, Channel[]>()
  const sourcesOf = new Map<number, readonly number[]>()
  for (const node of nodes) {
    const ids = new Set(node.inputs.flatMap((input) => sourcesOf.get(input)!))
    if (node.kind === 'source' && partition < widths.get(node.topic.name)!) {
      channels.set(node.id, [new Channel(node.delayMs, node.idleMs)])
    } else if (node.kind === 'repartition-source' && partition < widths.get(node.topic.name)!) {
      channels.set(node.id, [upstreamChannel()])
    } else if (node.kind === 'model' && node.before === 'wait') {
      channels.set(node.id, [waitingGate()])
    }
    if (channels.has(node.id)) ids.add(node.id)
    const sorted = [...ids].toSorted((a, b) => a - b)
    sourcesOf.set(node.id, sorted)
  }
  const clocks = new Map<string, { ids: readonly number[]; clock: EventClock }>()
  for (const ids of [...sourcesOf.values()].toSorted((a, b) => a.length - b.length)) {
    const key = ids.join()
    if (!clocks.has(key)) clocks.set(key, { ids, clock: new EventClock(ids.map((id) => channels.get(id)!)) })
  }
  const all = [...clocks.values()]
  return {
    inOrder: all.map(({ clock }) => clock),
    channels,
    of: (node) => clocks.get(sourcesOf.get(node)!.join())!.clock,
    under: (id) => all.filter(({ ids }) => ids.includes(id)).map(({ clock }) => clock),
  }
}

/** Makes operators and keeps lists of those that the task must know, in the order in which they were made. */
class Maker {
  readonly sources: Source[] = []
  readonly stores: Store[] = []
  readonly windows: WindowAggregateOperator[] = []
  readonly processes: ProcessOperator[] = []
  readonly models: ModelOperator[] = []
  readonly repartitions: RepartitionSink[] = []
  readonly timed: { readonly node: number; readonly timed: Timed }[] = []
  readonly #options: CompileOptions
  readonly #clocks: Clocks

  constructor(options: CompileOptions, clocks: Clocks) {
    this.#options = options
    this.#clocks = clocks
  }

  make(node: TopologyNode, next: Push): Push {
    const { scope } = this.#options
    switch (node.kind) {
      case 'filter':
        return filter(node, scope, next)
      case 'map':
        return map(node, scope, next)
      case 'flat-map':
        return flatMap(node, scope, next)
      case 'for-each':
        return forEach(node, scope)
      case 'merge':
        return next
      case 'sink':
        return sink(node, scope)
      case 'source':
      case 'repartition-source':
        return this.#source(node, next)
      default:
        return this.#keeper(node, next)
    }
  }

  #source(node: Extract<TopologyNode, { kind: 'source' | 'repartition-source' }>, next: Push): Push {
    const { scope, partition } = this.#options
    const channels = this.#clocks.channels.get(node.id)
    if (channels !== undefined) {
      const place = { scope, partition, channels, clocks: this.#clocks.under(node.id), next }
      this.sources.push(node.kind === 'source' ? new TopicSource(node, place) : new RepartitionSource(node, place))
    }
    return next
  }

  /** Operators that keep something from record to record. */
  #keeper(
    node: Extract<TopologyNode, { kind: 'aggregate' | 'window-aggregate' | 'process' | 'model' | 'repartition-sink' }>,
    next: Push,
  ): Push {
    const { scope, partition, tasks, widths, tables } = this.#options
    switch (node.kind) {
      case 'aggregate': {
        const { store, push } = aggregate(node, scope, next)
        this.stores.push(store)
        return push
      }
      case 'window-aggregate': {
        const operator = new WindowAggregateOperator(node, scope, next)
        this.windows.push(operator)
        this.#keep(node.id, operator)
        return operator.push
      }
      case 'process': {
        const operator = new ProcessOperator(node, scope, next)
        this.processes.push(operator)
        this.#keep(node.id, operator)
        return operator.push
      }
      case 'model': {
        const operator = new ModelOperator(node, {
          scope,
          next,
          table: tables.get(node.id)!,
          gate: this.#clocks.channels.get(node.id)?.[0],
          clocks: this.#clocks.under(node.id),
        })
        this.models.push(operator)
        return operator.push
      }
      case 'repartition-sink': {
        const place = { task: partition, tasks, partitions: widths.get(node.topic.name)! }
        const operator = new RepartitionSink(node, scope, place, this.#clocks.of(node.id))
        this.repartitions.push(operator)
        return operator.push
      }
    }
  }

  #keep(node: number, operator: Timed & { readonly store: Store }): void {
    this.stores.push(operator.store)
    this.timed.push({ node, timed: operator })
  }
}
