import { msgpack } from '../../client/serde/msgpack.ts'
import { int64 } from '../../client/serde/numbers.ts'
import type { Serde } from '../../client/serde/serde.ts'
import { type Topic, topic } from '../../client/topic.ts'
import { durationMs } from '../duration.ts'
import { ProcessorError } from '../errors.ts'
import type { RecordContext, WindowContext } from '../record.ts'
import { type AccumulationMode, each, onTime, type Trigger } from '../triggers/trigger.ts'
import type { Assigner } from '../windows/assigner.ts'
import type { TopologyBuilder } from './builder.ts'
import type { Encoder, WindowAggregateNode } from './node.ts'
import type {
  AggregateOptions,
  CountOptions,
  GroupOptions,
  ModelOptions,
  ProcessOptions,
  SinkOptions,
  SinkTopic,
  WindowOptions,
} from './options.ts'
import { addSource } from './source.ts'

/** Where a stream stands: the node that feeds it, and what is known of its serdes there. */
export interface StreamState {
  readonly builder: TopologyBuilder
  readonly node: number
  readonly keySerde: Serde<unknown>
  /** Undefined when nothing is known that writes the values. */
  readonly valueSerde: Serde<unknown> | undefined
  /** Keys, and values, are still as a topic had them with these serdes. */
  readonly sameKeys: boolean
  readonly sameValues: boolean
}

/** A stream that stands right behind a topic. */
export function fromTopic(builder: TopologyBuilder, node: number, topic: Topic): StreamState {
  return { builder, node, keySerde: topic.key, valueSerde: topic.value, sameKeys: true, sameValues: true }
}

/**
 * A typed stream of records: keys `K`, values `V`, and `C`, the context that functions get beside the value. Every method
 * adds to the topology and returns a new stream; streams themselves never change and may be used more than once.
 */
export class Stream<K, V, C extends RecordContext = RecordContext<K>> {
  readonly #state: StreamState

  /** Made by `app.stream()` and by the methods of streams. */
  constructor(state: StreamState) {
    this.#state = state
  }

  /** Keeps the records for which the predicate holds; a type guard narrows the type. */
  filter<U extends V>(predicate: (value: V, ctx: C) => value is U): Stream<K, U, C>
  filter(predicate: (value: V, ctx: C) => boolean): Stream<K, V, C>
  filter(predicate: (value: V, ctx: C) => boolean): Stream<K, V, C> {
    return new Stream({ ...this.#state, node: this.#add({ kind: 'filter', fn: predicate }) })
  }

  /** One value for each; the key and the time stay. */
  map<U>(fn: (value: V, ctx: C) => U): Stream<K, U, C> {
    return this.#changed(this.#add({ kind: 'map', fn }))
  }

  /** Any number of values for each, in order; the key and the time stay. */
  flatMap<U>(fn: (value: V, ctx: C) => Iterable<U>): Stream<K, U, C> {
    return this.#changed(this.#add({ kind: 'flat-map', fn }))
  }

  /** Calls the function for each record, for its effect. After a restart records since the last commit come again. */
  forEach(fn: (value: V, ctx: C) => void): void {
    this.#add({ kind: 'for-each', fn })
  }

  /** The records of both, as they come. */
  merge<V2>(other: Stream<K, V2, RecordContext<K>>): Stream<K, V | V2> {
    const ours = this.#state
    const { builder, keySerde, valueSerde } = ours
    const theirs = other.#state
    if (theirs.builder !== builder) {
      throw new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', 'only streams of the same app can be merged')
    }
    const merged = builder.add({ kind: 'merge', inputs: [ours.node, theirs.node] })
    const likeKeys = keySerde === theirs.keySerde
    const likeValues = valueSerde === theirs.valueSerde
    return new Stream({
      builder,
      node: merged,
      keySerde,
      valueSerde: likeValues ? valueSerde : undefined,
      sameKeys: likeKeys && ours.sameKeys && theirs.sameKeys,
      sameValues: likeValues && ours.sameValues && theirs.sameValues,
    })
  }

  /** Groups by another key: records go through the topic `<app>-<as>-repartition`, so that equal keys meet in one task. */
  groupBy<G>(key: (value: V, ctx: C) => G, options: GroupOptions<G, V>): KeyedStream<Exclude<G, null | undefined>, V> {
    const { builder, node, valueSerde, sameValues } = this.#state
    const serde = (options.value as Serde<unknown> | undefined) ?? valueSerde ?? msgpack()
    const keySerde = options.key as Serde<unknown>
    const between = topic(builder.repartitionTopicName(options.as), { key: keySerde, value: serde })
    if (options.partitions !== undefined && !(Number.isInteger(options.partitions) && options.partitions > 0)) {
      throw new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', `partitions of '${options.as}' must be a positive integer`)
    }
    builder.add({
      kind: 'repartition-sink',
      name: options.as,
      inputs: [node],
      topic: between,
      passThrough: sameValues && serde === valueSerde,
      partitions: options.partitions,
      key,
    })
    const source = builder.add({ kind: 'repartition-source', name: `${options.as}-in`, inputs: [], topic: between })
    return new KeyedStream(fromTopic(builder, source, between))
  }

  /** Groups by the key that records have: no topic in between. Records without a key are counted as `null-key`. */
  groupByKey(): KeyedStream<Exclude<K, null>, V> {
    return new KeyedStream(this.#state)
  }

  /**
   * Applies the newest model of a topic, which every instance of the app reads in full, to each record. A new version is
   * used from the next record on; there is no time without a model once there was one.
   */
  withModel<MK, M, U, L = M>(models: Topic<MK, M>, options: ModelOptions<V, MK, M, L, U, C>): Stream<K, U, C> {
    const maxWaiting = options.maxWaiting ?? 10_000
    if (!Number.isInteger(maxWaiting) || maxWaiting < 1) {
      throw new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', `maxWaiting must be a positive integer: ${maxWaiting}`)
    }
    const node = this.#state.builder.add({
      kind: 'model',
      name: options.as ?? models.name,
      inputs: [this.#state.node],
      topic: models as Topic,
      key: options.key,
      load: options.load ?? ((model: unknown) => model),
      score: options.score,
      before: options.before ?? 'wait',
      maxWaiting,
      rejected: options.rejected as { readonly name: string; readonly value: Encoder } | undefined,
    })
    return this.#changed(node)
  }

  /** Writes to a topic of one's own and goes on from there: another task may read it, other consumers too. */
  through(target: Topic<Exclude<K, null>, Exclude<V, null>>, options: SinkOptions<V, C> = {}): Stream<K, V> {
    this.#sink(target as SinkTopic<never, never>, undefined, options)
    const { builder } = this.#state
    const node = addSource(builder, target as Topic, { tombstones: 'keep' })
    return new Stream(fromTopic(builder, node, target as Topic))
  }

  /** Writes to a topic, under the stream's key or the one that `key` gives. Null values are tombstones. */
  to<K2>(
    target: SinkTopic<Exclude<K2, null>, Exclude<V, null>>,
    options: SinkOptions<V, C> & { readonly key: (value: V, ctx: C) => K2 },
  ): void
  to(target: SinkTopic<Exclude<K, null>, Exclude<V, null>>, options?: SinkOptions<V, C>): void
  to(
    target: SinkTopic<never, never>,
    options: SinkOptions<V, C> & { readonly key?: (value: V, ctx: C) => unknown } = {},
  ): void {
    this.#sink(target, options.key, options)
  }

  #sink(
    target: SinkTopic<never, never>,
    key: ((value: V, ctx: C) => unknown) | undefined,
    options: SinkOptions<V, C>,
  ): void {
    const { keySerde, valueSerde, sameKeys, sameValues } = this.#state
    this.#add({
      kind: 'sink',
      topic: target as SinkTopic<unknown, unknown>,
      passKey: key === undefined && sameKeys && (target.key as object) === keySerde,
      passValue: sameValues && (target.value as object) === valueSerde,
      key,
      partition: options.partition,
      timestamp: options.timestamp,
      headers: options.headers,
    })
  }

  #add(draft: Parameters<TopologyBuilder['add']>[0] extends infer D ? OmitInputs<D> : never): number {
    return this.#state.builder.add({ ...draft, inputs: [this.#state.node] } as Parameters<TopologyBuilder['add']>[0])
  }

  #changed<U>(node: number): Stream<K, U, C> {
    return new Stream({ ...this.#state, node, valueSerde: undefined, sameValues: false })
  }
}

/** Records grouped by key: equal keys are in one task, so that state can be kept for each. */
export class KeyedStream<K, V> {
  readonly #state: StreamState

  /** Made by `groupBy` and `groupByKey`. */
  constructor(state: StreamState) {
    this.#state = state
  }

  /** Cuts event time into windows, for aggregations. Says where; `trigger` says when and `accumulate` how. */
  window(windows: Assigner, options: WindowOptions<V> = {}): WindowedStream<K, V> {
    const latenessMs = durationMs(options.lateness ?? 0, 'lateness')
    return new WindowedStream(this.#state, {
      assigner: windows,
      latenessMs,
      late: options.late as WindowAggregateNode['late'],
      trigger: undefined,
      mode: 'accumulating',
    })
  }

  /** A running aggregate: each record gives the new state of its key. */
  aggregate<S>(options: AggregateOptions<K, V, S>): Stream<K, S> {
    const { builder, node, keySerde } = this.#state
    const id = builder.add({
      kind: 'aggregate',
      name: options.as,
      inputs: [node],
      keySerde: (options.key as Serde<unknown> | undefined) ?? keySerde,
      stateSerde: options.state as Serde<unknown>,
      init: options.init,
      add: options.add,
    })
    return new Stream({
      ...this.#state,
      node: id,
      valueSerde: options.state as Serde<unknown>,
      sameValues: false,
    })
  }

  /** How many records each key has had: each record gives the new count. */
  count(options: CountOptions<K>): Stream<K, number> {
    return this.aggregate({ ...options, state: int64, init: () => 0, add: (count) => count + 1 })
  }

  /** A state machine per key: state, event-time and wall-clock timers, any number of results. */
  process<S, Out = never>(options: ProcessOptions<K, V, S, Out>): Stream<K, Out> {
    const { builder, node, keySerde } = this.#state
    const id = builder.add({
      kind: 'process',
      name: options.as,
      inputs: [node],
      keySerde: (options.key as Serde<unknown> | undefined) ?? keySerde,
      stateSerde: options.state as Serde<unknown>,
      onRecord: options.onRecord as never,
      onTimer: options.onTimer as never,
    })
    return new Stream({ ...this.#state, node: id, valueSerde: undefined, sameValues: false })
  }
}

/** Grouped records in windows of event time. */
export class WindowedStream<K, V> {
  readonly #state: StreamState
  readonly #windowing: Windowing

  /** Made by `KeyedStream.window`. */
  constructor(state: StreamState, windowing: Windowing) {
    this.#state = state
    this.#windowing = windowing
  }

  /** When windows give results. @default onTime(), with late(each()) when there is lateness */
  trigger(trigger: Trigger): WindowedStream<K, V> {
    return new WindowedStream(this.#state, { ...this.#windowing, trigger })
  }

  /** How the panes of one window relate. @default 'accumulating' */
  accumulate(mode: AccumulationMode): WindowedStream<K, V> {
    return new WindowedStream(this.#state, { ...this.#windowing, mode })
  }

  /** One state per key and window; its panes carry `ctx.window` and `ctx.pane`, and the time end - 1. */
  aggregate<S>(options: AggregateOptions<K, V, S>): Stream<K, S, WindowContext<K>> {
    const { builder, node, keySerde } = this.#state
    const { trigger: said, ...windowing } = this.#windowing
    const trigger = said ?? (windowing.latenessMs > 0 ? onTime().late(each()) : onTime())
    if (windowing.latenessMs > 0 && trigger.lateFirings === 'none') {
      throw new ProcessorError(
        'PROCESSOR_INVALID_TOPOLOGY',
        `'${options.as}' takes late records but never shows them: say trigger(onTime().late(each())), or no lateness`,
      )
    }
    const id = builder.add({
      kind: 'window-aggregate',
      name: options.as,
      inputs: [node],
      ...windowing,
      trigger,
      keySerde: (options.key as Serde<unknown> | undefined) ?? keySerde,
      stateSerde: options.state as Serde<unknown>,
      init: options.init,
      add: options.add,
    })
    return new Stream({
      ...this.#state,
      node: id,
      valueSerde: options.state as Serde<unknown>,
      sameValues: false,
    })
  }

  /** How many records each key has in each window. */
  count(options: CountOptions<K>): Stream<K, number, WindowContext<K>> {
    return this.aggregate({ ...options, state: int64, init: () => 0, add: (count) => count + 1 })
  }
}

type Windowing = Pick<WindowAggregateNode, 'assigner' | 'latenessMs' | 'late' | 'mode'> & {
  readonly trigger: Trigger | undefined
}

type OmitInputs<D> = D extends unknown ? Omit<D, 'inputs'> : never
