import type { Serde } from '../../client/serde/serde.ts'
import type { Topic } from '../../client/topic.ts'
import type { Duration } from '../duration.ts'
import type { ModelVersion, RecordContext, RecordHeader } from '../record.ts'

/** What each step of a stream is told: one object a call. `C` is the context that its functions get beside the value. */

/** How a source's event time moves. */
export interface WatermarkOptions {
  /** How far behind the newest record an older one may come and still be on time. @default 0 */
  readonly delay?: Duration
  /**
   * Silence after which a partition that was read to its end no longer holds the others back. When all are silent, event
   * time goes on with the wall clock from the newest record, as far as something (a window, a timer) waits for it, so that
   * windows close on silent input. `never` turns both off. @default '30s'
   */
  readonly idle?: Duration | 'never'
}

export interface StreamOptions<K, V> {
  /** Name in `describe()` and metrics. @default the topic's name */
  readonly as?: string
  /** Event time of a record, ms since the epoch. @default the record's timestamp */
  readonly time?: (value: V, ctx: RecordContext<K | null>) => number
  readonly watermark?: WatermarkOptions
  /** Records with a null value: dropped and counted as `tombstone`, or passed on as null. @default 'drop' */
  readonly tombstones?: 'drop' | 'keep'
}

/** A topic that can be written to with these types, such as a `Topic` whose serdes accept them. */
export interface SinkTopic<K, V> {
  readonly name: string
  readonly key: { readonly name: string; readonly encode: (key: K) => Uint8Array }
  readonly value: { readonly name: string; readonly encode: (value: V) => Uint8Array }
}

export interface SinkOptions<V, C> {
  /** @default by the key, as Kafka's default partitioner */
  readonly partition?: (value: V, ctx: C) => number
  /** @default the record's event time */
  readonly timestamp?: (value: V, ctx: C) => number
  /** @default none */
  readonly headers?: (value: V, ctx: C) => readonly RecordHeader[]
}

export interface GroupOptions<G, V> {
  /** Names the repartition topic, `<app>-<as>-repartition`. */
  readonly as: string
  readonly key: Serde<G>
  /** How values travel. @default the source topic's serde while values are unchanged, else msgpack */
  readonly value?: Serde<V>
  /** Partitions of the repartition topic. @default as many as the widest topic read upstream */
  readonly partitions?: number
}

export interface WindowOptions<V> {
  /** How long after its end a window still takes late records, each giving a late pane. @default 0 */
  readonly lateness?: Duration
  /**
   * Where records go that come later still, with key, value, time and headers that say why (`millrace.reason`,
   * `millrace.operator`, `millrace.watermark`, `millrace.window`). Without it they are counted as `late`.
   */
  readonly late?: { readonly name: string; readonly value: { readonly encode: (value: V) => Uint8Array } }
}

export interface AggregateOptions<K, V, S> {
  /** Names the state and its changelog, `<app>-<as>-changelog`. */
  readonly as: string
  readonly state: Serde<S>
  /** How keys are written to the changelog. @default the serde they were grouped with */
  readonly key?: Serde<K>
  readonly init: (key: K) => S
  /** Gives the new state; may change and return the old one. */
  readonly add: (state: S, value: V, ctx: RecordContext<K>) => S
}

export interface CountOptions<K> {
  /** Names the state and its changelog, `<app>-<as>-changelog`. */
  readonly as: string
  readonly key?: Serde<K>
}

/** A timer of a key. Event-time timers fire when the watermark reaches `at`, wall-clock timers when the clock does. */
export interface Timer {
  readonly name: string
  readonly kind: 'event' | 'wall'
  /** Ms since the epoch. */
  readonly at: number
}

/** The timers of the key at hand. One per name: setting it again replaces it. They are part of the state. */
export interface Timers {
  event(name: string, atMs: number): void
  wall(name: string, atMs: number): void
  cancel(name: string): void
  get(name: string): Timer | undefined
}

export interface ProcessContext<K, S, Out> extends RecordContext<K> {
  /**
   * State of this key; undefined when there is none. Assign undefined to forget it. An object that was read here counts
   * as changed, so that changing it in place is safe.
   */
  state: S | undefined
  readonly timers: Timers
  /** Event time reached: no record older than this is expected. -Infinity before the first. */
  readonly watermark: number
  /** The task's clock, ms since the epoch. */
  readonly nowMs: number
  /** Sends a result on, under this key. `timestamp` defaults to the record's event time, or the timer's `at`. */
  emit(value: Out, timestamp?: number): void
}

declare const typeOf: unique symbol

/** A type as a value; see `type()`. */
export interface TypeTag<T> {
  readonly [typeOf]?: (value: T) => T
}

/** Says a type where it cannot be inferred: `emits: type<Command>()`. */
export function type<T>(): TypeTag<T> {
  return Object.freeze({})
}

export interface ProcessOptions<K, V, S, Out> {
  /** Names the state (and its timers) and their changelog, `<app>-<as>-changelog`. */
  readonly as: string
  readonly state: Serde<S>
  /** How keys are written to the changelog. @default the serde they were grouped with */
  readonly key?: Serde<K>
  /** The type of what is emitted: `emits: type<Command>()`. @default nothing may be emitted */
  readonly emits?: TypeTag<Out>
  readonly onRecord: (value: V, ctx: ProcessContext<K, S, NoInfer<Out>>) => void
  readonly onTimer?: (timer: Timer, ctx: ProcessContext<K, S, NoInfer<Out>>) => void
}

export interface ModelOptions<V, MK, M, L, U, C> {
  /** Name in `describe()` and metrics. @default the models topic's name */
  readonly as?: string
  /** Which model a record needs, by key of the models topic. @default the newest of the whole topic */
  readonly key?: (value: V, ctx: C) => MK
  /** Makes a model ready, once per version; when it throws, the version before stays. @default the record's value */
  readonly load?: (model: M, version: ModelVersion<MK>) => L
  readonly score: (value: V, model: L, ctx: C & { readonly model: ModelVersion<MK> }) => U
  /**
   * Records that come before their model: `wait` keeps up to `maxWaiting` of them (their offsets are not committed), then
   * stops reading until a model comes; `drop` counts them as `no-model`, and sends them to `rejected` if given.
   * @default 'wait'
   */
  readonly before?: 'wait' | 'drop'
  /** @default 10000 records per task */
  readonly maxWaiting?: number
  /** With `drop`: the dead letters' topic for records that had no model, with key, value and time. */
  readonly rejected?: { readonly name: string; readonly value: { readonly encode: (value: V) => Uint8Array } }
}

/** How `withModel` holds the newest model of a topic: what `load` makes of `Topic<MK, M>`. */
export type ModelsTopic<MK, M> = Topic<MK, M>
