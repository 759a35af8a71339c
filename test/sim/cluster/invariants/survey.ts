/** One look at the insides of every broker, for all invariants to judge. */
import type { MetadataView, PartitionView } from '../../../../broker/controller/view.ts'
import { HostedPartition } from '../../../../broker/replication/hosted-partition.ts'
import type { SimNode } from '../../../../testing/sim/index.ts'

/** A partition as a running broker has it. */
export interface LiveReplica {
  readonly node: SimNode
  /** Such as `orders-0`. */
  readonly name: string
  readonly partition: HostedPartition
}

/** What a running broker believes about the whole cluster. */
export interface Belief {
  readonly node: SimNode
  readonly metadata: MetadataView
}

export interface Survey {
  readonly nodes: readonly SimNode[]
  readonly replicas: readonly LiveReplica[]
  readonly beliefs: readonly Belief[]
  /** By partition: its state as the broker that has applied most of the metadata knows it. */
  readonly newest: ReadonlyMap<string, PartitionView>
}

export function survey(nodes: readonly SimNode[]): Survey {
  const replicas: LiveReplica[] = []
  const beliefs: Belief[] = []
  const newest = new Map<string, PartitionView>()
  for (const node of nodes) {
    const services = node.broker?.services
    if (services === undefined) continue
    beliefs.push({ node, metadata: services.metadata })
    for (const topic of services.metadata.topics()) {
      for (const view of topic.partitions) {
        const name = nameOf(topic.name, view.index)
        if ((newest.get(name)?.partitionEpoch ?? -1) < view.partitionEpoch) newest.set(name, view)
      }
    }
    for (const partition of services.partitions.all()) {
      if (partition instanceof HostedPartition)
        replicas.push({ node, name: nameOf(partition.topic, partition.index), partition })
    }
  }
  return { nodes, replicas, beliefs, newest }
}

/** One partition, as the running broker that has applied most of the metadata knows it. */
export function newestView(nodes: readonly SimNode[], topic: string, index: number): PartitionView | undefined {
  let newest: PartitionView | undefined
  for (const node of nodes) {
    const view = node.broker?.services.metadata.topic(topic)?.partitions.find((partition) => partition.index === index)
    if (view !== undefined && view.partitionEpoch > (newest?.partitionEpoch ?? -1)) newest = view
  }
  return newest
}

const names = new Map<string, string[]>()

/** Made once: there are few, and they are asked for all the time. */
export function nameOf(topic: string, index: number): string {
  let known = names.get(topic)
  if (known === undefined) {
    known = []
    names.set(topic, known)
  }
  known[index] ??= `${topic}-${index}`
  return known[index]
}
