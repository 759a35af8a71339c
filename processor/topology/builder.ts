import { ProcessorError } from '../errors.ts'
import { type TopologyNode, isStoreNode } from './node.ts'

type Draft<N> = N extends TopologyNode ? Omit<N, 'id' | 'name'> & { readonly name?: string | undefined } : never

/** Collects the nodes of one app, in the order in which they were made: inputs come before what they feed. */
export class TopologyBuilder {
  readonly appId: string
  readonly #nodes: TopologyNode[] = []
  readonly #names = new Map<string, string>()

  constructor(appId: string) {
    this.appId = checkedName(appId, 'the id of an app')
  }

  get nodes(): readonly TopologyNode[] {
    return this.#nodes
  }

  add(draft: Draft<TopologyNode>): number {
    const id = this.#nodes.length
    const node = Object.freeze({ ...draft, id, name: draft.name ?? `${draft.kind}-${id}` }) as TopologyNode
    if (isStoreNode(node)) this.#claim(node.name, `the state of ${node.kind}`)
    if (node.kind === 'repartition-sink') this.#claim(node.name, 'the grouping')
    this.#nodes.push(node)
    return id
  }

  repartitionTopicName(as: string): string {
    return `${this.appId}-${checkedName(as, 'as')}-repartition`
  }

  /** What keeps state or names a topic needs a name of its own, or two would share one internal topic. */
  #claim(name: string, what: string): void {
    const taken = this.#names.get(checkedName(name, 'as'))
    if (taken !== undefined) {
      throw new ProcessorError(
        'PROCESSOR_INVALID_TOPOLOGY',
        `${what} needs a name of its own: '${name}' is taken by ${taken}`,
      )
    }
    this.#names.set(name, what)
  }
}

/** Names become parts of topic names: Kafka's characters only. */
function checkedName(name: string, what: string): string {
  if (/^[a-zA-Z0-9._-]{1,100}$/.test(name)) return name
  throw new ProcessorError(
    'PROCESSOR_INVALID_TOPOLOGY',
    `${what} must be 1 to 100 letters, digits, dots, underscores or dashes: ${JSON.stringify(name)}`,
  )
}
