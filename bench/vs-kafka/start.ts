/** The first record that a broker acknowledges, on a topic it makes for it. */
import { Metadata, Produce } from '../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { ask, batchOf } from '../broker/wire.ts'

const RETRY_MS = 10
/** Longer than the rig waits for Kafka, whose word is then the better one. */
const GIVE_UP_MS = 180_000

/** Asks every few milliseconds, as no real client would, so that the broker alone is measured. Returns performance.now(). */
export async function firstAcknowledged(port: number): Promise<number> {
  const begun = performance.now()
  const topicData = [{ name: 'first', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(1, 100) }] }]
  for (;;) {
    try {
      await ask(port, Metadata, 9, {
        topics: [{ topicId: ZERO_UUID, name: 'first' }],
        allowAutoTopicCreation: true,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      })
      const reply = await ask(port, Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData })
      if (reply.responses[0]?.partitionResponses[0]?.errorCode === 0) return performance.now()
    } catch (error) {
      if (performance.now() - begun > GIVE_UP_MS) throw error
    }
    if (performance.now() - begun > GIVE_UP_MS) throw new Error(`no record was acknowledged on port ${port}`)
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}
