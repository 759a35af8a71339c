/** What each broker believes: one that was cut off tells for a while what it knew before, also that all is well. */
import { Metadata } from '../../../proto/kafka/generated/apis.ts'
import { RawClient } from '../../support/raw-client.ts'
import { sleep } from '../wait.ts'

const ANSWER_MS_MAX = 2_000
const VERSION = 9

interface PartitionView {
  readonly partition: number
  /** -1 = nobody. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly inSync: readonly number[]
}

/** Why the brokers at `doors` do not all say that each partition has the same leader and `replicas` replicas in sync; '' = they do. */
export async function whyNotInSync(doors: readonly string[], topic: string, replicas: number): Promise<string> {
  const views = await Promise.all(doors.map((door) => within(ANSWER_MS_MAX, partitionsAt(door, topic), door)))
  const [first = []] = views
  const problems = first.length === 0 ? ['the topic is not there'] : []
  for (const [index, view] of views.entries()) {
    for (const { partition, leader, leaderEpoch, inSync } of view) {
      const known = first.find((other) => other.partition === partition)
      const isSame = known?.leader === leader && known.leaderEpoch === leaderEpoch
      if (isSame && leader >= 0 && inSync.length === replicas) continue
      const set = inSync.join(',') || 'nobody'
      problems.push(
        `partition ${partition} (leader ${leader} in epoch ${leaderEpoch}, in sync ${set}, by ${doors[index]})`,
      )
    }
  }
  return problems.join('; ')
}

async function partitionsAt(door: string, topic: string): Promise<PartitionView[]> {
  await using client = await RawClient.connect(door)
  const { topics } = await client.request(Metadata, VERSION, {
    topics: [{ name: topic, topicId: '' }],
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  const partitions = topics[0]?.partitions ?? []
  return partitions.map(({ partitionIndex, leaderId, leaderEpoch, isrNodes }) => {
    return { partition: partitionIndex, leader: leaderId, leaderEpoch, inSync: isrNodes }
  })
}

async function within<T>(ms: number, answer: Promise<T>, who: string): Promise<T> {
  const late = async (): Promise<never> => {
    await sleep(ms)
    throw new Error(`${who} does not answer within ${ms / 1000} s`)
  }
  return await Promise.race([answer, late()])
}
