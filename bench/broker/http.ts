/** HTTP produce under autocannon, beside a fastify route of the same body and schema that stores nothing. */
import autocannon, { type Result } from 'autocannon'
import { type Started, startBrokerProcess, startNode } from '../support/process.ts'
import { heading, median, ratio, row } from '../support/report.ts'
import { createTopic, endOffset } from './wire.ts'

/** Ours and the baseline take short turns, so that a busy moment of the machine meets both. */
const rounds = 6
const roundS = 1
const partitions = 4

const record = (index: number) => ({
  key: `device-${index}`,
  value: { device: index, at: 1_700_000_000_000, metrics: [0.25, 0.5, 0.75, 1] },
})

interface Load {
  readonly body: string
  readonly connections: number
}

/** One record as an object, more as an array. */
function bodyOf(recordsPerRequest: number): string {
  const records = Array.from({ length: recordsPerRequest }, (_, index) => record(index))
  return JSON.stringify(recordsPerRequest === 1 ? records[0] : records)
}

/** A server under test and the route to shoot at. */
interface Target {
  readonly server: Started
  readonly url: string
}

interface Round extends Result {
  /** What the server process spent. */
  readonly cpuSeconds: number
}

async function shoot({ server, url }: Target, load: Load, seconds: number): Promise<Round> {
  const headers = { 'content-type': 'application/json' }
  const cpuBefore = server.cpuSeconds()
  const result = await autocannon({ url, method: 'POST', headers, ...load, duration: seconds })
  return { ...result, cpuSeconds: server.cpuSeconds() - cpuBefore }
}

const sum = (results: readonly Round[], of: (result: Round) => number) =>
  results.reduce((total, one) => total + of(one), 0)

/** Requests per second over all rounds. */
const rate = (results: readonly Round[]) =>
  sum(results, ({ requests }) => requests.total) / sum(results, ({ duration }) => duration)

/** Of the server alone: what is left of the comparison when something else keeps the machine busy. */
const cpuMicroseconds = (results: readonly Round[]) =>
  (sum(results, ({ cpuSeconds }) => cpuSeconds) / sum(results, ({ requests }) => requests.total)) * 1e6

function figures(results: readonly Round[], recordsPerRequest: number) {
  return {
    'requests/s': rate(results),
    'records/s': rate(results) * recordsPerRequest,
    'p50 ms': median(results.map(({ latency }) => latency.p50)),
    'p99 ms': median(results.map(({ latency }) => latency.p99)),
    'CPU us/request': cpuMicroseconds(results),
    errors: sum(results, ({ non2xx, errors }) => non2xx + errors),
  }
}

/** `durability` decides what an answer means; fsync is what users get by default, and there the disk has its say. */
export async function benchHttp(durability: 'fsync' | 'page-cache' = 'fsync'): Promise<void> {
  heading(`HTTP produce under autocannon (${durability}, acks=all)`)
  await using broker = await startBrokerProcess(durability)
  await using bare = await startNode(['--import', 'tsx', 'bench/broker/bare-http.main.ts'])
  const barePort = Number(/port=(\d+)/.exec(bare.ready)?.[1])
  await warmUp([targetOf(broker, broker.httpPort, 'warm'), targetOf(bare, barePort, 'warm')])
  for (const recordsPerRequest of [1, 100]) {
    const body = bodyOf(recordsPerRequest)
    for (const connections of [1, 64, 256]) {
      const topic = `http-${recordsPerRequest}-${connections}`
      await createTopic(broker.kafkaPort, topic, partitions)
      const targets = [targetOf(broker, broker.httpPort, topic), targetOf(bare, barePort, topic)]
      const [ours = [], theirs = []] = await takeTurns(targets, { body, connections })
      await checkLog(broker.kafkaPort, topic, ours, recordsPerRequest)
      // The first round is for warming up.
      const [measured, baseline] = [ours.slice(1), theirs.slice(1)]
      row(`${connections} connections, ${recordsPerRequest} a request`, figures(measured, recordsPerRequest))
      row('  a route that stores nothing', figures(baseline, recordsPerRequest))
      const paired = (of: (round: Round) => number) =>
        median(measured.map((round, index) => of(round) / of(baseline[index] ?? round)))
      ratio(
        '  of its requests/s',
        paired(({ requests, duration }) => requests.total / duration),
        '>= 0.6',
      )
      ratio(
        '  of its requests per CPU second',
        paired(({ requests, cpuSeconds }) => requests.total / cpuSeconds),
        '>= 0.6',
      )
    }
  }
}

function targetOf(server: Started, port: number, topic: string): Target {
  return { server, url: `http://127.0.0.1:${port}/topics/${topic}` }
}

/** Compilers of hot code come and go in the first seconds, and would be counted. */
async function warmUp(targets: readonly Target[]): Promise<void> {
  for (const target of targets) {
    for (const recordsPerRequest of [1, 100, 1]) {
      await shoot(target, { body: bodyOf(recordsPerRequest), connections: 16 }, 2)
    }
  }
}

async function takeTurns(targets: readonly Target[], load: Load): Promise<Round[][]> {
  const results: Round[][] = targets.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, target] of targets.entries()) results[index]?.push(await shoot(target, load, roundS))
  }
  return results
}

/** Every record answered with 2xx is in the log. Requests under way at the end of a round may be there unanswered. */
async function checkLog(
  port: number,
  topic: string,
  results: readonly Round[],
  recordsPerRequest: number,
): Promise<void> {
  const acknowledged = sum(results, (result) => result['2xx']) * recordsPerRequest
  let kept = 0
  for (let partition = 0; partition < partitions; partition++) kept += await endOffset(port, topic, partition)
  if (kept < acknowledged) throw new Error(`${acknowledged} records were answered with 2xx, ${kept} are in the log`)
}
