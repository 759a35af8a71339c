/**
 * `npm run bench -- failover [--quick]`: kill -9 of the broker that leads, at default settings, and the time until the next
 * record is acknowledged; the same for the active controller and the next topic; a third of many leaders at once.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { batchOf } from '../broker/wire.ts'
import { heading, median, ratio, row } from '../support/report.ts'
import { createRig, missingForKafka } from '../vs-kafka/rig.ts'
import { acknowledgedAt, createdAt, createReplicated, eventually, inSync, metadata } from './requests.ts'
import { type ClusterSide, startOurs, startTheirs } from './side.ts'

const TOPIC = 'failover'
const MANY = 'many'
const MANY_PARTITIONS = 3_000

export async function benchFailover(isQuick: boolean): Promise<void> {
  const kills = isQuick ? 8 : 50
  let ours: number
  {
    await using side = await startOurs('fsync')
    ours = await benchLeaders(side, kills)
    await benchControllers(side, isQuick ? 4 : 20)
  }
  {
    await using side = await startOurs('fsync')
    await benchManyLeaders(side)
  }
  const missing = missingForKafka()
  if (missing.length > 0) {
    for (const what of missing) console.error(`bench: failover beside Kafka needs what is missing here: ${what}`)
    return
  }
  await using kafka = await startTheirs(createRig(), [])
  const theirs = await benchLeaders(kafka, isQuick ? 2 : 3)
  ratio('median failover / Kafka', ours / theirs, '<= 0.143')
}

async function benchLeaders(side: ClusterSide, kills: number): Promise<number> {
  const records = batchOf(1, 100)
  await createReplicated(side, TOPIC, 1)
  const times: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    await settled(side, records)
    const leader = await leaderOf(side)
    const killed = performance.now()
    side.kill(leader)
    times.push((await acknowledgedAt(side, TOPIC, records)) - killed)
  }
  await settled(side, records)
  heading(`${side.name}: kill -9 of the leader's broker until the next acknowledged record`)
  print(times)
  return median(times)
}

async function benchControllers(side: ClusterSide, kills: number): Promise<void> {
  const records = batchOf(1, 100)
  const times: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    await settled(side, records)
    const { controllerId } = await metadata(side.brokers()[0]?.port ?? 0, [TOPIC])
    const killed = performance.now()
    side.kill(controllerId)
    times.push((await createdAt(side, `made-${kill}`)) - killed)
  }
  await settled(side, records)
  heading(`${side.name}: kill -9 of the active controller until the next topic is made`)
  print(times)
}

/** A third of the leaders were on the broker that is killed: until nobody misses one. */
async function benchManyLeaders(side: ClusterSide): Promise<void> {
  await createReplicated(side, MANY, MANY_PARTITIONS)
  const survivors = () => side.brokers()[0]?.port ?? 0
  const before = await metadata(survivors(), [MANY])
  const [victim] = side.brokers().slice(-1)
  if (victim === undefined) throw new Error('no broker serves')
  const led = before.topics[0]?.partitions.filter(({ leaderId }) => leaderId === victim.nodeId).length ?? 0
  const killed = performance.now()
  side.kill(victim.nodeId)
  await eventually(
    'new leaders',
    async () => {
      const answer = await metadata(survivors(), [MANY])
      const all = answer.topics[0]?.partitions ?? []
      const isDone = all.every(({ leaderId, errorCode }) => leaderId !== victim.nodeId && errorCode === Errors.NONE)
      return isDone && all.length === MANY_PARTITIONS ? true : null
      // A large answer, which should not be what the survivors are busy with.
    },
    100,
  )
  heading(`${MANY_PARTITIONS} partitions: kill -9 of one broker of three until all have a leader`)
  row('leaders moved', { count: led, seconds: (performance.now() - killed) / 1000, aim: '< 3' })
}

/** All brokers serve and are in sync, and a record is acknowledged: the next kill finds a whole cluster. */
async function settled(side: ClusterSide, records: Buffer): Promise<void> {
  await side.whole()
  await inSync(side, TOPIC, 1)
  await acknowledgedAt(side, TOPIC, records)
}

async function leaderOf(side: ClusterSide): Promise<number> {
  const answer = await metadata(side.brokers()[0]?.port ?? 0, [TOPIC])
  return answer.topics[0]?.partitions[0]?.leaderId ?? -1
}

function print(times: readonly number[]): void {
  const sorted = times.map((ms) => ms / 1000).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  row(`${sorted.length} kills, seconds`, { median: median(sorted), p90: at(0.9), worst: at(1), aim: '1.5 / - / 4' })
}
