import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Errors } from '../../proto/kafka/errors.ts'
import { ApiVersions, ListOffsets } from '../../proto/kafka/generated/apis.ts'
import { startCluster } from '../../testing/cluster.ts'
import { RawClient } from '../support/raw-client.ts'
import { batchOf, fetchOne, produce, recordsOf } from '../support/requests.ts'

describe('startCluster', () => {
  it('serves the real protocol on a real socket, with the topics asked for', async () => {
    await using cluster = await startCluster({
      topics: ['one', { name: 'three', partitions: 3, config: { 'retention.ms': 1000 } }],
    })
    await using client = await RawClient.connect(cluster.bootstrap)
    expect((await produce(client, 'three', 2, batchOf(['hello']))).errorCode).toBe(Errors.NONE)
    expect(recordsOf(await fetchOne(client, { topic: 'three', partition: 2 })).includes('hello')).toBe(true)
    expect(cluster.brokers.map(({ nodeId, port, isRunning }) => [nodeId, port > 0, isRunning])).toEqual([
      [1, true, true],
    ])
  })

  it('refuses a bad option and a bad topic, and leaves nothing running', async () => {
    await expect(startCluster({ config: { 'no.such.option': 1 } })).rejects.toMatchObject({ code: 'INVALID_CONFIG' })
    await expect(startCluster({ topics: ['../up'] })).rejects.toThrow('INVALID_TOPIC_EXCEPTION')
    await expect(startCluster({ brokers: 0 })).rejects.toThrow(RangeError)
  })

  it('closes twice without complaint and frees its port', async () => {
    const cluster = await startCluster()
    const { bootstrap } = cluster
    await cluster.close()
    await cluster.close()
    await expect(RawClient.connect(bootstrap)).rejects.toThrow('ECONNREFUSED')
  })

  it('runs many at once, each for itself', async () => {
    const clusters = await Promise.all(Array.from({ length: 10 }, () => startCluster({ topics: ['t'] })))
    const ports = new Set(clusters.map(({ bootstrap }) => bootstrap))
    expect(ports.size).toBe(10)
    await Promise.all(clusters.map((cluster) => cluster.close()))
  })

  it('passes what ApiVersions needs to begin with', async () => {
    await using cluster = await startCluster()
    await using client = await RawClient.connect(cluster.bootstrap)
    const answer = await client.request(ApiVersions, 3, { clientSoftwareName: 'test', clientSoftwareVersion: '1' })
    expect(answer.finalizedFeatures.some(({ name }) => name === 'transaction.version')).toBe(false)
    expect(answer.apiKeys.map(({ apiKey }) => apiKey)).toEqual(expect.arrayContaining([0, 1, 2, 3, 18, 19, 22]))
  })
})

describe('faults', () => {
  it('kill and restart: the broker comes back to its port with what was acknowledged, in a new leader epoch', async () => {
    await using cluster = await startCluster({ topics: ['kept'] })
    const client = await RawClient.connect(cluster.bootstrap)
    for (let count = 0; count < 3; count += 1) await produce(client, 'kept', 0, batchOf(['acked']))
    const epochOf = (own: RawClient) =>
      own
        .request(ListOffsets, 7, {
          replicaId: -1,
          isolationLevel: 0,
          timeoutMs: 0,
          topics: [{ name: 'kept', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }] }],
        })
        .then(({ topics }) => topics[0]?.partitions[0])
    const before = await epochOf(client)
    await cluster.faults.kill()
    await client.untilClosed()
    await expect(RawClient.connect(cluster.bootstrap)).rejects.toThrow('ECONNREFUSED')
    await cluster.faults.restart()
    await using again = await RawClient.connect(cluster.bootstrap)
    const after = await epochOf(again)
    expect(after?.offset).toBe(3)
    expect(after?.leaderEpoch).toBeGreaterThan(before?.leaderEpoch ?? -1)
  })

  it('stop and restart: a clean stop answers what waits', async () => {
    await using cluster = await startCluster({ topics: ['waits'] })
    await using client = await RawClient.connect(cluster.bootstrap)
    const waiting = fetchOne(client, { topic: 'waits' }, { maxWaitMs: 60_000 })
    await new Promise((resolve) => client.socket.write('', resolve))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await cluster.faults.stop()
    expect((await waiting).errorCode).toBe(Errors.NONE)
    await cluster.faults.restart()
    expect(cluster.brokers[0]?.isRunning).toBe(true)
  })

  it('dropConnections cuts clients off, who may come back at once', async () => {
    await using cluster = await startCluster()
    await using client = await RawClient.connect(cluster.bootstrap)
    await client.request(ApiVersions, 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
    cluster.faults.dropConnections()
    await client.untilClosed()
    await using again = await RawClient.connect(cluster.bootstrap)
    expect(again.socket).toBeInstanceOf(Socket)
    await again.request(ApiVersions, 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
  })

  it('names a broker that does not exist', async () => {
    await using cluster = await startCluster()
    expect(() => cluster.faults.dropConnections(2)).toThrow(RangeError)
  })
})

describe('client()', () => {
  it('gives a client of the cluster that is closed with it', async () => {
    const cluster = await startCluster({ topics: ['typed'] })
    const client = cluster.client()
    expect((await client.admin().listTopics()).map(({ name }) => name)).toContain('typed')
    await cluster.close()
    expect(() => client.admin()).toThrow('closed')
  })
})

describe('delayReplies', () => {
  it('holds replies back until told otherwise', async () => {
    await using cluster = await startCluster()
    await using client = await RawClient.connect(cluster.bootstrap)
    const ask = () => client.request(ApiVersions, 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
    cluster.faults.delayReplies(Number.POSITIVE_INFINITY)
    let answered = false
    const waiting = ask().then(() => {
      answered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(answered).toBe(false)
    cluster.faults.delayReplies(1)
    await waiting
    cluster.faults.delayReplies(0)
    await ask()
  })
})
