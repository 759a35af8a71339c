import { ProcessorError } from '../errors.ts'
import {
  isStoreNode,
  type ModelNode,
  type RepartitionSinkNode,
  type RepartitionSourceNode,
  type SourceNode,
  type StoreNode,
  type TopologyNode,
} from './node.ts'

/** The nodes that work in one task: what hangs together without a topic in between. */
export interface Subtopology {
  readonly index: number
  /** In topological order. */
  readonly nodes: readonly TopologyNode[]
  readonly sources: readonly (SourceNode | RepartitionSourceNode)[]
  readonly sinks: readonly RepartitionSinkNode[]
  readonly stores: readonly StoreNode[]
  readonly models: readonly ModelNode[]
  /** Topics read, each once. */
  readonly topics: readonly string[]
  /** Its topics need equal numbers of partitions: it keeps state, or vouches for the event time of what it re-keys. */
  readonly coPartitioned: boolean
}

/** A topology that was checked and cut into what runs in tasks. */
export interface Topology {
  readonly appId: string
  readonly nodes: readonly TopologyNode[]
  readonly subtopologies: readonly Subtopology[]
}

/** Checks a topology and cuts it at its repartition topics. */
export function planTopology(appId: string, nodes: readonly TopologyNode[]): Topology {
  if (nodes.length === 0) throw invalid(`the app '${appId}' has no stream`)
  checkTopics(nodes)
  const group = components(nodes)
  const members = new Map<number, TopologyNode[]>()
  for (const node of nodes) {
    const root = group(node.id)
    const list = members.get(root)
    if (list === undefined) members.set(root, [node])
    else list.push(node)
  }
  const subtopologies = [...members.values()].map((list, index) => subtopology(index, list))
  for (const each of subtopologies) checkWaiting(each)
  return { appId, nodes, subtopologies }
}

export function changelogTopic(appId: string, store: string): string {
  return `${appId}-${store}-changelog`
}

function subtopology(index: number, nodes: readonly TopologyNode[]): Subtopology {
  const sources = nodes.filter((node) => node.kind === 'source' || node.kind === 'repartition-source')
  const sinks = nodes.filter((node) => node.kind === 'repartition-sink')
  const stores = nodes.filter(isStoreNode)
  const models = nodes.filter((node) => node.kind === 'model')
  const topics = [...new Set(sources.map((source) => source.topic.name))]
  return { index, nodes, sources, sinks, stores, models, topics, coPartitioned: stores.length > 0 || sinks.length > 0 }
}

/** Nodes by the root of their component: union-find over the edges. */
function components(nodes: readonly TopologyNode[]): (id: number) => number {
  const parents = nodes.map((node) => node.id)
  const root = (id: number): number => {
    let at = id
    while (parents[at] !== at) at = parents[at]!
    return at
  }
  for (const node of nodes) {
    for (const input of node.inputs) {
      const [a, b] = [root(node.id), root(input)]
      parents[Math.max(a, b)] = Math.min(a, b)
    }
  }
  return root
}

/** A topic is decoded once, so all that read it must agree on how. */
function checkTopics(nodes: readonly TopologyNode[]): void {
  const seen = new Map<string, SourceNode | RepartitionSourceNode>()
  for (const node of nodes) {
    if (node.kind !== 'source' && node.kind !== 'repartition-source') continue
    const other = seen.get(node.topic.name)
    if (other !== undefined && (other.topic.key !== node.topic.key || other.topic.value !== node.topic.value)) {
      throw invalid(`topic '${node.topic.name}' is read with different serdes by '${other.name}' and '${node.name}'`)
    }
    seen.set(node.topic.name, node)
  }
}

/** What waits for a model is read again after a restart: behind state it would be counted twice, or never come again. */
function checkWaiting({ nodes }: Subtopology): void {
  const behindState = new Set<number>()
  for (const node of nodes) {
    if (node.inputs.some((input) => behindState.has(input)) || isStoreNode(node)) behindState.add(node.id)
    if (node.kind === 'model' && node.before === 'wait' && behindState.has(node.id)) {
      throw invalid(
        `'${node.name}' waits for models behind state of the same task, where waiting records could not be read again: ` +
          `put through() in between, or say before: 'drop'`,
      )
    }
  }
}

function invalid(text: string): ProcessorError {
  return new ProcessorError('PROCESSOR_INVALID_TOPOLOGY', text)
}
