/** kafkajs 2.2.4: its usual producer, consumer and admin round trip. */
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startMillrace } from '../support/millrace-process.ts'

describe('kafkajs', () => {
  let broker: RunningBroker
  let kafka: Kafka

  beforeAll(async () => {
    broker = await startMillrace(['--memory'])
    kafka = new Kafka({ clientId: 'interop', brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  it('creates, describes, configures, grows and deletes topics', async () => {
    const admin = kafka.admin()
    await admin.connect()
    expect(
      await admin.createTopics({
        topics: [{ topic: 'admin', numPartitions: 3, configEntries: [{ name: 'retention.ms', value: '1000' }] }],
      }),
    ).toBe(true)
    expect(await admin.createTopics({ topics: [{ topic: 'admin', numPartitions: 3 }] })).toBe(false)
    const { topics } = await admin.fetchTopicMetadata({ topics: ['admin'] })
    expect(topics[0].partitions.map((partition) => partition.partitionId).sort((a, b) => a - b)).toEqual([0, 1, 2])
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: 'admin', configNames: ['retention.ms'] }],
    })
    expect(resources[0].configEntries).toMatchObject([{ configName: 'retention.ms', configValue: '1000' }])
    await admin.createPartitions({ topicPartitions: [{ topic: 'admin', count: 5 }] })
    expect((await admin.fetchTopicOffsets('admin')).length).toBe(5)
    await admin.deleteTopics({ topics: ['admin'] })
    expect(await admin.listTopics()).not.toContain('admin')
    await admin.disconnect()
  })

  it('produces with acks, keys, headers and gzip, and consumes all of it in a group', async () => {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const messages = Array.from({ length: 500 }, (_, index) => ({
      key: `k${index % 7}`,
      value: `v${index}`,
      headers: { trace: `t${index}` },
    }))
    await producer.send({ topic: 'round-trip', messages, compression: CompressionTypes.GZIP })
    await producer.send({ topic: 'round-trip', messages, acks: -1 })
    await producer.disconnect()

    const consumer = kafka.consumer({ groupId: 'kafkajs-readers' })
    await consumer.connect()
    await consumer.subscribe({ topic: 'round-trip', fromBeginning: true })
    const seen: string[] = []
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: async ({ message }) => {
            seen.push(`${message.key?.toString()}=${message.value?.toString()} ${message.headers?.trace?.toString()}`)
            if (seen.length === 1000) resolve()
          },
        })
        .catch(reject)
    })
    await consumer.disconnect()
    const once = messages.map((message) => `${message.key}=${message.value} ${message.headers.trace}`)
    expect(seen.toSorted()).toEqual([...once, ...once].sort())

    const admin = kafka.admin()
    await admin.connect()
    const offsets = await admin.fetchOffsets({ groupId: 'kafkajs-readers', topics: ['round-trip'] })
    expect(offsets[0].partitions[0].offset).toBe('1000')
    const described = await admin.describeGroups(['kafkajs-readers'])
    expect(described.groups[0].state).toBe('Empty')
    await admin.deleteGroups(['kafkajs-readers'])
    await admin.disconnect()
  })
})
