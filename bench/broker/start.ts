/** Process start to the first acknowledged record on an auto-created topic; memory after it; size of the package. */
import { execFileSync } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { Metadata, Produce } from '../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { startBrokerProcess } from '../support/process.ts'
import { heading, median, ratio, row } from '../support/report.ts'
import { ask, batchOf } from './wire.ts'

const rounds = 7

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Tries every few milliseconds until somebody answers. */
async function untilListening(port: number): Promise<void> {
  for (;;) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (connected) return
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

export async function benchStart(): Promise<void> {
  heading('Start (fsync, fresh directory each time)')
  const milliseconds: number[] = []
  let resident = 0
  for (let round = 0; round < rounds; round++) {
    const port = await freePort()
    const begun = performance.now()
    // Clients need not wait for the ready line: it also says where HTTP is, which loads after Kafka's port serves.
    const starting = startBrokerProcess('fsync', ['--port', String(port)])
    await untilListening(port)
    await ask(port, Metadata, 9, {
      topics: [{ topicId: ZERO_UUID, name: 'first' }],
      allowAutoTopicCreation: true,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    })
    const topicData = [{ name: 'first', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(1, 100) }] }]
    const reply = await ask(port, Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData })
    milliseconds.push(performance.now() - begun)
    const code = reply.responses[0]?.partitionResponses[0]?.errorCode
    if (code !== 0) throw new Error(`the first record was answered with error ${code}`)
    await using broker = await starting
    resident = broker.residentBytes()
  }
  row('process start to first acknowledged record', {
    'median ms': median(milliseconds),
    worst: Math.max(...milliseconds),
  })
  ratio('  of 400 ms', median(milliseconds) / 400, '<= 1')
  row('resident after it', { MB: resident / 1e6 })
  ratio('  of 120 MB', resident / 120e6, '<= 1')
  const packed: { size: number; unpackedSize: number }[] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )
  row('npm pack', { 'MB packed': (packed[0]?.size ?? 0) / 1e6, 'MB unpacked': (packed[0]?.unpackedSize ?? 0) / 1e6 })
}
