/** Replicas here that may lack acknowledged records: noted while their logs are opened, told to the controller before it elects. */
import type { TopicReplicas } from './controller/broker-life.ts'
import type { MetadataView } from './controller/view.ts'
import type { PartitionEvents } from './replication/partition-manager.ts'

export class Suspects {
  /** By topic and partition: one that fails to open again is noted once. */
  private readonly found = new Map<string, TopicReplicas>()

  get all(): readonly TopicReplicas[] {
    return [...this.found.values()]
  }

  /** The same events, with what they tell of logs that are suspect or do not open noted here. `lost`: a log is offline. */
  noting(events: PartitionEvents, metadata: MetadataView, lost: () => void): PartitionEvents {
    const note = (topic: string, partition: number) =>
      void this.found.set(`${topic}-${partition}`, {
        topicId: metadata.topic(topic)?.id ?? '',
        partitions: [partition],
      })
    return {
      ...events,
      suspect(topic, partition, report) {
        note(topic, partition)
        events.suspect(topic, partition, report)
      },
      unopened(topic, partition, reason) {
        note(topic, partition)
        events.unopened(topic, partition, reason)
        lost()
      },
      offline(topic, partition, reason) {
        events.offline(topic, partition, reason)
        lost()
      },
    }
  }
}
