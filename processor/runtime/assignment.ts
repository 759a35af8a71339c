import type { Client } from '../../client/client.ts'
import type { Consumer } from '../../client/consumer/types.ts'
import { bytes } from '../../client/serde/text.ts'
import { type TopicPartition, topic } from '../../client/topic.ts'
import type { ErrorPolicy } from '../failure.ts'
import type { ModelTable } from '../state/model-table.ts'
import { Task } from '../task/task.ts'
import type { Widths } from '../topology/partitions.ts'
import { changelogTopic, type Topology } from '../topology/plan.ts'
import { keyOf, readToEnd } from './read-to-end.ts'
import { tasksOf } from './task-set.ts'

export interface AssignmentOptions {
  readonly client: Client
  readonly topology: Topology
  readonly widths: Widths
  readonly tables: ReadonlyMap<number, ModelTable>
  readonly onError: ErrorPolicy
  readonly deadLetters: string | undefined
  readonly signal: AbortSignal
}

/** Makes the tasks of newly assigned partitions, with the state that their changelogs hold. */
export async function makeTasks(
  options: AssignmentOptions,
  consumer: Consumer,
  partitions: readonly TopicPartition[],
): Promise<Task[]> {
  const { topology, widths, signal } = options
  const tasks = tasksOf(topology, widths, partitions).map(
    ({ part, partition }) => new Task({ ...options, part, partition }),
  )
  await restoreState(options, tasks)
  const committed = await consumer.committed(partitions, { signal })
  const metadataOf = new Map(committed.map((each) => [keyOf(each), each.metadata ?? '']))
  // Whatever the app begins with, what it sent to itself is never skipped.
  for (const node of topology.nodes) {
    if (node.kind !== 'repartition-source') continue
    for (const each of partitions) {
      if (each.topic === node.topic.name && !metadataOf.has(keyOf(each)))
        await consumer.seek(each, 'earliest', { signal })
    }
  }
  const nowMs = Date.now()
  for (const task of tasks) {
    const progress = new Map<string, string>()
    for (const name of task.inputs.keys()) {
      const metadata = metadataOf.get(keyOf({ topic: name, partition: task.partition }))
      if (metadata !== undefined) progress.set(name, metadata)
    }
    task.resume(progress, nowMs)
  }
  return tasks
}

async function restoreState({ client, topology, signal }: AssignmentOptions, tasks: readonly Task[]): Promise<void> {
  const owners = new Map<string, { readonly task: Task; readonly store: string }>()
  const names = new Set<string>()
  const changelogs: TopicPartition[] = []
  for (const task of tasks) {
    for (const { name: store } of task.part.stores) {
      const place = { topic: changelogTopic(topology.appId, store), partition: task.partition }
      names.add(place.topic)
      owners.set(keyOf(place), { task, store })
      changelogs.push(place)
    }
  }
  const topics = [...names].map((name) => topic(name, { key: bytes, value: bytes }))
  await readToEnd(
    client,
    topics,
    changelogs,
    (batch) => {
      const { task, store } = owners.get(keyOf(batch))!
      for (const { keyBytes, valueBytes } of batch) if (keyBytes !== null) task.restore(store, keyBytes, valueBytes)
    },
    signal,
  )
}
