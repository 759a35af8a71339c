/** The end of a seed: all replicas agree, and their records are held against the history. */
import { recordsOf } from '../../../proto/kafka/batch/decode.ts'
import * as header from '../../../proto/kafka/batch/header.ts'
import type { PartitionView } from '../../../broker/controller/view.ts'
import { LogFiles, type SimNode } from '../../../testing/sim/index.ts'
import { must } from '../log/violation.ts'
import { type PartitionHistory, recordId } from './history.ts'
import { judge } from './judge.ts'
import type { World } from './world.ts'

/** Null when the cluster has come to rest and every promise is kept; else what it is still waiting for. */
export function checkFinal(world: World): string | null {
  for (const history of world.history.partitions()) {
    if (history.isDeleted) continue
    const reason = atRest(world, history)
    if (reason !== null) return reason
  }
  const disagreement = metadataDisagrees(world)
  if (disagreement !== null) return disagreement
  for (const history of world.history.partitions()) if (!history.isDeleted) judge(history, recordsIn(world, history))
  return null
}

/** What the leader of the newest epoch says of itself; null when nobody leads. */
function leaderOf(world: World, { topic, index }: PartitionHistory) {
  let newest: { node: SimNode; epoch: number; highWatermark: number; logEndOffset: number } | null = null
  for (const node of world.cluster.nodes) {
    const partition = node.broker?.services.partitions.get(topic, index)
    if (partition === undefined || !partition.isLeader || partition.leaderEpoch <= (newest?.epoch ?? -1)) continue
    const { leaderEpoch: epoch, highWatermark, logEndOffset } = partition
    newest = { node, epoch, highWatermark, logEndOffset }
  }
  return newest
}

function atRest(world: World, history: PartitionHistory): string | null {
  const leader = leaderOf(world, history)
  if (leader === null) return `${history.name} has no leader`
  const { highWatermark, logEndOffset } = leader
  if (highWatermark < logEndOffset)
    return `${history.name} ends at ${logEndOffset}, its high watermark is ${highWatermark}`
  for (const node of world.cluster.nodes) {
    const replica = node.broker?.services.partitions.get(history.topic, history.index)
    if (replica === undefined) continue
    if (replica.logEndOffset !== logEndOffset || replica.highWatermark !== highWatermark) {
      return `${history.name} ends at ${replica.logEndOffset} (high watermark ${replica.highWatermark}) on ${node.host}, and at ${logEndOffset} on its leader`
    }
  }
  for (const [index, consumer] of world.consumers.entries()) {
    const position = consumer.positionOf(history)
    if (position < highWatermark)
      return `consumer ${index + 1} has read ${history.name} up to ${position} of ${highWatermark}`
  }
  return null
}

/** Every broker lives, every broker knows of that, and all know the same topics: those that an operator was promised. */
function metadataDisagrees(world: World): string | null {
  const { nodes } = world.cluster
  for (const { host, broker } of nodes) {
    const metadata = broker?.services.metadata
    if (metadata === undefined) return `${host} is not up`
    const fenced = nodes.find(({ id }) => metadata.broker(id)?.fenced !== false)
    if (fenced !== undefined) return `${host} takes ${fenced.host} for fenced`
    for (const { name, isThere } of world.operator?.certain() ?? []) {
      if ((metadata.topic(name) !== undefined) !== isThere)
        return `on ${host} topic ${name} is ${isThere ? 'not there' : 'there'}`
    }
    const moving = [...metadata.topics()].find(({ partitions }) => partitions.some((view) => isUnsettled(view)))
    if (moving !== undefined) return `on ${host} topic ${moving.name} has not come to rest`
  }
  return null
}

/** Every replica in sync, and no move under way. */
function isUnsettled({ isr, replicas, addingReplicas, removingReplicas }: PartitionView): boolean {
  return isr.length < replicas.length || addingReplicas.length > 0 || removingReplicas.length > 0
}

/** The records by offset, the same on every replica. */
function recordsIn(world: World, history: PartitionHistory): number[] {
  const records: number[] = []
  let first: string | null = null
  const crcs: number[] = []
  for (const { host, config, disk, broker } of world.cluster.nodes) {
    if (broker?.services.partitions.get(history.topic, history.index) === undefined) continue
    let count = 0
    for (const batch of new LogFiles(`${config.dataDir}/${history.name}`).from(disk, history.deletedBelow)) {
      if (first === null) {
        crcs.push(batch.crc)
        take(records, batch.buffer, batch.position)
      }
      must(
        crcs[count] === batch.crc,
        'R9',
        () => `${history.name} offset ${batch.baseOffset} differs on ${first} and ${host}`,
      )
      count++
    }
    must(
      count === crcs.length,
      'R9',
      () => `${history.name} has ${crcs.length} batches on ${first} and ${count} on ${host}`,
    )
    first ??= host
  }
  return records
}

function take(records: number[], buffer: Buffer, position: number): void {
  if (header.isControl(buffer, position)) return
  const cursor = recordsOf(buffer, position)
  while (cursor.advance()) {
    const { valueStart } = cursor
    records[cursor.offset] = recordId(
      cursor.buffer.readUInt32BE(valueStart),
      cursor.buffer.readUInt32BE(valueStart + 4),
    )
  }
}
