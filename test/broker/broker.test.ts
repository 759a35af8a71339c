import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataDirError, PortInUseError, startBroker } from '../../broker/index.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { InitProducerId, Produce } from '../../proto/kafka/generated/apis.ts'
import { RawClient } from '../support/raw-client.ts'
import { batchOf, fetchOne, produce, produceRequest, recordsOf } from '../support/requests.ts'

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-broker-'))
})

afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true })
})

type Broker = Awaited<ReturnType<typeof startBroker>>

function createTopic(broker: Broker, name: string, partitions = 1): Promise<void> {
  const topic = { name, partitions, replicationFactor: 1, assignments: [], configs: [] }
  return new Promise((resolve, reject) => {
    broker.services.controller.createTopics([topic], { validateOnly: false }, ([result]) => {
      if (result?.error === 0) resolve()
      else reject(new Error(result?.message ?? 'failed'))
    })
  })
}

describe('a broker on disk', () => {
  it('keeps topics, records and producer state over a clean stop', async () => {
    const producer = { producerId: 9, producerEpoch: 0 }
    {
      await using broker = await startBroker({ dataDir, port: 0 })
      await createTopic(broker, 'orders', 2)
      await using client = await RawClient.connect(broker.bootstrap)
      for (let sequence = 0; sequence < 3; sequence += 1) {
        const answer = await produce(client, 'orders', 1, batchOf(['kept'], { ...producer, baseSequence: sequence }))
        expect([answer.errorCode, answer.baseOffset]).toEqual([0, sequence])
      }
    }
    await using broker = await startBroker({ dataDir, port: 0 })
    await using client = await RawClient.connect(broker.bootstrap)
    expect((await fetchOne(client, { topic: 'orders', partition: 1 })).highWatermark).toBe(3)
    for (let sequence = 0; sequence < 3; sequence += 1) {
      const again = await produce(client, 'orders', 1, batchOf(['kept'], { ...producer, baseSequence: sequence }))
      expect([again.errorCode, again.baseOffset]).toEqual([0, sequence])
    }
  })

  it('writes Kafka`s files: meta.properties, one directory per partition, checkpoints', async () => {
    {
      await using broker = await startBroker({ dataDir, port: 0 })
      await createTopic(broker, 'orders')
    }
    const names = readdirSync(dataDir)
    expect(names).toEqual(
      expect.arrayContaining([
        'meta.properties',
        'orders-0',
        '__cluster_metadata-0',
        'recovery-point-offset-checkpoint',
      ]),
    )
    expect(readdirSync(join(dataDir, 'orders-0'))).toEqual(
      expect.arrayContaining(['00000000000000000000.log', 'partition.metadata']),
    )
  })

  it('refuses a directory that another broker holds, changing nothing', async () => {
    await using first = await startBroker({ dataDir, port: 0 })
    await createTopic(first, 'orders')
    const before = readdirSync(dataDir).toSorted()
    await expect(startBroker({ dataDir, port: 0 })).rejects.toBeInstanceOf(DataDirError)
    await expect(startBroker({ dataDir, port: 0 })).rejects.toMatchObject({ code: 'LOCKED' })
    expect(readdirSync(dataDir).toSorted()).toEqual(before)
    await using client = await RawClient.connect(first.bootstrap)
    expect((await produce(client, 'orders', 0, batchOf(['fine']))).errorCode).toBe(0)
  })

  it('refuses a directory of another node, in one line that names it', async () => {
    {
      await using broker = await startBroker({ dataDir, port: 0, nodeId: 1 })
      expect(broker.services.nodeId).toBe(1)
    }
    const before = readFileSync(join(dataDir, 'meta.properties'))
    const problem = await startBroker({ dataDir, port: 0, nodeId: 2 }).catch((error: unknown) => error as Error)
    expect(problem).toMatchObject({ name: 'DataDirError', code: 'FOREIGN' })
    expect((problem as Error).message).not.toContain('\n')
    expect(readFileSync(join(dataDir, 'meta.properties'))).toEqual(before)
  })

  it('refuses a path that is a file', async () => {
    const file = join(dataDir, 'file')
    writeFileSync(file, 'precious')
    await expect(startBroker({ dataDir: file, port: 0 })).rejects.toMatchObject({ name: 'DataDirError' })
    expect(readFileSync(file, 'utf8')).toBe('precious')
  })

  it('leaves the data directory alone when the port that was asked for is taken', async () => {
    const squatter = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => squatter.once('listening', resolve))
    const { port } = squatter.address() as { port: number }
    const missing = join(dataDir, 'not-made')
    const problem = await startBroker({ dataDir: missing, port }).catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(PortInUseError)
    expect(problem).toMatchObject({ code: 'PORT_IN_USE', port })
    expect(readdirSync(dataDir)).toEqual([])
    await new Promise((resolve) => squatter.close(resolve))
  })

  it('is free again after a failed start', async () => {
    const file = join(dataDir, 'file')
    writeFileSync(file, '')
    const probe = await startBroker({ memory: true, port: 0 })
    const { port } = probe
    await probe.close()
    await expect(startBroker({ dataDir: file, port })).rejects.toBeInstanceOf(DataDirError)
    await using broker = await startBroker({ memory: true, port })
    expect(broker.port).toBe(port)
  })
})

describe('addresses', () => {
  it('W26: binds both loopback addresses on one port and advertises 127.0.0.1', async () => {
    await using broker = await startBroker({ memory: true, port: 0 })
    expect(broker.bootstrap).toBe(`127.0.0.1:${broker.port}`)
    await using v4 = await RawClient.connect(`127.0.0.1:${broker.port}`)
    expect(v4.closed).toBe(false)
    const { connect } = await import('node:net')
    const socket = connect({ host: '::1', port: broker.port })
    const outcome = await new Promise<string>((resolve) => {
      socket.once('connect', () => resolve('connected'))
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'failed'))
    })
    socket.destroy()
    // A host without IPv6 binds the other family alone.
    expect(['connected', 'EADDRNOTAVAIL']).toContain(outcome)
  })

  it('advertises what it is told to', async () => {
    await using broker = await startBroker({ memory: true, port: 0, advertise: 'broker.example:19092' })
    expect(broker.bootstrap).toBe('broker.example:19092')
    expect(broker.services.metadata.brokers()).toMatchObject([{ host: 'broker.example', port: 19092 }])
  })
})

describe('requests in process', () => {
  it('go through the same handlers, and their records are there for sockets', async () => {
    await using broker = await startBroker({ memory: true, port: 0 })
    await createTopic(broker, 'orders')
    const answer = await broker.dispatch(Produce, produceRequest('orders', 0, batchOf(['from inside'])), 9)
    expect(answer?.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 0 })
    await using client = await RawClient.connect(broker.bootstrap)
    expect(recordsOf(await fetchOne(client, { topic: 'orders' })).includes('from inside')).toBe(true)
  })

  it('resolve with null for acks=0, reject for a version that is not served or a request without an answer', async () => {
    await using broker = await startBroker({ memory: true, port: 0 })
    await createTopic(broker, 'orders')
    const quiet = produceRequest('orders', 0, batchOf(['x']), { acks: 0 })
    expect(await broker.dispatch(Produce, quiet, 9)).toBeNull()
    await expect(broker.dispatch(Produce, quiet, 2)).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
    const failing = produceRequest('missing', 0, batchOf(['x']), { acks: 0 })
    await expect(broker.dispatch(Produce, failing, 9)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('reject with the reason of their signal', async () => {
    await using broker = await startBroker({ memory: true, port: 0 })
    const reason = new Error('changed my mind')
    const request = {
      transactionalId: null,
      transactionTimeoutMs: 0,
      producerId: -1,
      producerEpoch: -1,
      enable2Pc: false,
      keepPreparedTxn: false,
    }
    await expect(broker.dispatch(InitProducerId, request, 4, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    )
    expect((await broker.dispatch(InitProducerId, request, 4))?.errorCode).toBe(Errors.NONE)
  })

  it('are refused once the broker is closed', async () => {
    const broker = await startBroker({ memory: true, port: 0 })
    await broker.close()
    await broker.close()
    expect(() => broker.services).toThrow('not running')
  })
})
