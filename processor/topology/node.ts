import type { Serde } from '../../client/serde/serde.ts'
import type { Topic } from '../../client/topic.ts'
import type { ModelVersion, RecordContext, RecordHeader } from '../record.ts'
import type { AccumulationMode, Trigger } from '../triggers/trigger.ts'
import type { Assigner } from '../windows/assigner.ts'
import type { ProcessContext, Timer } from './options.ts'

/**
 * A topology is a list of frozen nodes, each naming its inputs by id. The types of keys and values end at the builder:
 * here they are unknown. Function types are taken from methods, whose parameters are compared both ways, so that the
 * builder's typed functions fit.
 */
type Method<A extends unknown[], R> = { method(...args: A): R }['method']

/** A function of a value and its context. */
export type ValueFn<R = unknown> = Method<[value: unknown, ctx: RecordContext], R>

interface NodeBase {
  readonly id: number
  /** Given by the user, or `<kind>-<id>`: shown in `describe()`, metrics and errors. */
  readonly name: string
  readonly inputs: readonly number[]
}

/** What nodes know of a serde that they only write with. */
export interface Encoder {
  encode(value: unknown): Uint8Array
}

/** A topic that something is written to. */
export interface SinkTarget {
  readonly name: string
  readonly key: Encoder
  readonly value: Encoder
}

/** Reads a topic. */
export interface SourceNode extends NodeBase {
  readonly kind: 'source'
  readonly topic: Topic
  readonly time: ValueFn<number> | undefined
  readonly delayMs: number
  /** Infinity: never idle. */
  readonly idleMs: number
  readonly keepTombstones: boolean
}

/** Reads a repartition topic, whose watermarks come in band from the tasks that write it. */
export interface RepartitionSourceNode extends NodeBase {
  readonly kind: 'repartition-source'
  readonly topic: Topic
}

/** Writes a repartition topic under a new key. */
export interface RepartitionSinkNode extends NodeBase {
  readonly kind: 'repartition-sink'
  readonly topic: Topic
  /** Values are as their source read them, so that their bytes can be used again. */
  readonly passThrough: boolean
  /** Undefined: as many as the widest topic read upstream. */
  readonly partitions: number | undefined
  readonly key: ValueFn
}

export interface FilterNode extends NodeBase {
  readonly kind: 'filter'
  readonly fn: ValueFn<boolean>
}

export interface MapNode extends NodeBase {
  readonly kind: 'map'
  readonly fn: ValueFn
}

export interface FlatMapNode extends NodeBase {
  readonly kind: 'flat-map'
  readonly fn: ValueFn<Iterable<unknown>>
}

export interface ForEachNode extends NodeBase {
  readonly kind: 'for-each'
  readonly fn: ValueFn<void>
}

export interface MergeNode extends NodeBase {
  readonly kind: 'merge'
}

/** Keeps state under the record's key. */
interface StatefulNode extends NodeBase {
  readonly keySerde: Serde<unknown>
  readonly stateSerde: Serde<unknown>
}

export interface AggregateNode extends StatefulNode {
  readonly kind: 'aggregate'
  readonly init: Method<[key: unknown], unknown>
  readonly add: Method<[state: unknown, value: unknown, ctx: RecordContext], unknown>
}

export interface WindowAggregateNode extends StatefulNode {
  readonly kind: 'window-aggregate'
  readonly assigner: Assigner
  readonly latenessMs: number
  readonly late: { readonly name: string; readonly value: Encoder } | undefined
  readonly trigger: Trigger
  readonly mode: AccumulationMode
  readonly init: Method<[key: unknown], unknown>
  readonly add: Method<[state: unknown, value: unknown, ctx: RecordContext], unknown>
}

export interface ProcessNode extends StatefulNode {
  readonly kind: 'process'
  readonly onRecord: Method<[value: unknown, ctx: ProcessContext<unknown, unknown, unknown>], void>
  readonly onTimer: Method<[timer: Timer, ctx: ProcessContext<unknown, unknown, unknown>], void> | undefined
}

export interface ModelNode extends NodeBase {
  readonly kind: 'model'
  readonly topic: Topic
  readonly key: ValueFn | undefined
  readonly load: Method<[model: unknown, version: ModelVersion], unknown>
  readonly score: Method<
    [value: unknown, model: unknown, ctx: RecordContext & { readonly model: ModelVersion }],
    unknown
  >
  readonly before: 'wait' | 'drop'
  readonly maxWaiting: number
  readonly rejected: { readonly name: string; readonly value: Encoder } | undefined
}

export interface SinkNode extends NodeBase {
  readonly kind: 'sink'
  readonly topic: SinkTarget
  /** Key or value are as their source read them, with the same serde: their bytes can be used again. */
  readonly passKey: boolean
  readonly passValue: boolean
  readonly key: ValueFn | undefined
  readonly partition: ValueFn<number> | undefined
  readonly timestamp: ValueFn<number> | undefined
  readonly headers: ValueFn<readonly RecordHeader[]> | undefined
}

export type TopologyNode =
  | SourceNode
  | RepartitionSourceNode
  | RepartitionSinkNode
  | FilterNode
  | MapNode
  | FlatMapNode
  | ForEachNode
  | MergeNode
  | AggregateNode
  | WindowAggregateNode
  | ProcessNode
  | ModelNode
  | SinkNode

export type StoreNode = AggregateNode | WindowAggregateNode | ProcessNode

export function isStoreNode(node: TopologyNode): node is StoreNode {
  return node.kind === 'aggregate' || node.kind === 'window-aggregate' || node.kind === 'process'
}
