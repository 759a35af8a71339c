/** `durability: fsync` under many producers, beside a bare group commit: how many acknowledgements a second. */
import { batchOf, createTopic, endOffset, produceFrame } from '../broker/wire.ts'
import { refuseErrors } from '../broker/throughput.ts'
import { pipeline } from '../support/pipeline.ts'
import { type BrokerProcess, portOf, scratchDirectory, startBrokerProcess, startNode } from '../support/process.ts'
import { heading, median, ratio, row } from '../support/report.ts'

const producers = 128
const pipelined = 100
const recordBytes = 1024
const tsx = ['--import', 'tsx']

export async function benchSync(isQuick: boolean): Promise<void> {
  const rounds = isQuick ? 3 : 7
  await benchLogs(1, rounds)
  await benchLogs(50, rounds)
}

async function benchLogs(logs: number, rounds: number): Promise<void> {
  const many = logs === 1 ? 'one log' : `${logs} logs`
  heading(`fsync before each acknowledgement, ${recordBytes} B records, acks=all, ${many}`)
  const directory = scratchDirectory('bare')
  await using bare = await startNode([...tsx, 'bench/log/bare-sync.main.ts', directory.path, String(logs)], {
    UV_THREADPOOL_SIZE: '16',
  })
  await using broker = await startBrokerProcess('fsync')
  const topic = 'bench-sync'
  await createTopic(broker.kafkaPort, topic, logs)
  const load = loadOn(topic, logs)
  const ours: number[] = []
  const theirs: number[] = []
  const alone: number[] = []
  const cpu: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const spent = [broker.cpuSeconds(), bare.cpuSeconds()] as const
    const measured = await load.many(broker.kafkaPort, refuseErrors(topic))
    const baseline = await load.many(portOf(bare.ready))
    const costs = (broker.cpuSeconds() - spent[0]) / (bare.cpuSeconds() - spent[1])
    const one = await load.one(broker.kafkaPort, refuseErrors(topic))
    // The first round warms both up.
    if (round === 0) continue
    ours.push(measured)
    theirs.push(baseline)
    alone.push(one)
    cpu.push(costs)
  }
  await checkAll(broker, topic, logs, load.acknowledged(broker.kafkaPort))
  row(`millrace, ${producers} producers`, { 'acks/s': median(ours) })
  row(`millrace, one connection, ${pipelined} in flight`, { 'acks/s': median(alone) })
  row(`bare group commit, ${producers} producers`, { 'acks/s': median(theirs) })
  const paired = (of: readonly number[]) => median(of.map((value, index) => value / (theirs[index] ?? value)))
  ratio('acks/s / bare group commit', paired(ours), '>= 0.8')
  row('CPU of it / of the bare group commit', { ratio: median(cpu) })
  ratio(`one connection / bare group commit with ${producers}`, paired(alone), '>= 0.5')
}

interface Load {
  /** Acknowledgements a second, each producer waiting for one before it sends the next. */
  many(port: number, check?: (head: Buffer) => void): Promise<number>
  /** The same of one connection with many in flight. */
  one(port: number, check?: (head: Buffer) => void): Promise<number>
  acknowledged(port: number): number
}

function loadOn(topic: string, logs: number): Load {
  const batch = batchOf(1, recordBytes)
  const frames = Array.from({ length: logs }, (_, partition) => [produceFrame(topic, partition, batch, -1)])
  const framesEach = 150
  const counts = new Map<number, number>()
  const timed = async (port: number, total: number, runs: () => Promise<unknown>[]) => {
    counts.set(port, (counts.get(port) ?? 0) + total)
    const begun = performance.now()
    await Promise.all(runs())
    return (total / (performance.now() - begun)) * 1000
  }
  return {
    many: (port, check) =>
      timed(port, producers * framesEach, () =>
        Array.from({ length: producers }, (_, producer) =>
          pipeline({
            port,
            frame: () => frames[producer % logs] ?? [],
            frames: framesEach,
            inFlight: 1,
            ...(check && { check }),
          }),
        ),
      ),
    one: (port, check) =>
      timed(port, producers * framesEach, () => [
        pipeline({
          port,
          frame: (index) => frames[index % logs] ?? [],
          frames: producers * framesEach,
          inFlight: pipelined,
          ...(check && { check }),
        }),
      ]),
    acknowledged: (port) => counts.get(port) ?? 0,
  }
}

async function checkAll(broker: BrokerProcess, topic: string, logs: number, acknowledged: number): Promise<void> {
  let kept = 0
  for (let partition = 0; partition < logs; partition++) kept += await endOffset(broker.kafkaPort, topic, partition)
  if (kept !== acknowledged) throw new Error(`${acknowledged} records were acknowledged, ${kept} are in the logs`)
}
