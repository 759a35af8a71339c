/** A chaos run before the judge of the simulator: real processes have to satisfy the very same rules. */
import { PartitionHistory, recordId, type Writer } from '../sim/cluster/history.ts'
import { judge } from '../sim/cluster/judge.ts'
import type { History, RecordId } from './history.ts'
import { type Anomaly, Findings, type Reading } from './judge.ts'
import { Ledger } from './load.ts'

/** No writer of the simulator has this record. */
const STRANGER = -2

const numberOf = (id: RecordId | null) => (id === null ? STRANGER : recordId(id.lane, id.sequence))

/** What the simulator's judge objects to, at most one objection for each partition. */
export function judgeAsSimulator(history: History, log: Reading, watched: Reading): Anomaly[] {
  const findings = new Findings()
  for (const [partition, records] of log) {
    try {
      const told = asSimulated(history, partition)
      for (const { offset, id } of watched.get(partition) ?? []) told.read(offset, numberOf(id))
      judge(
        told,
        records.map(({ id }) => numberOf(id)),
      )
    } catch (error) {
      findings.add('S', String(error))
    }
  }
  return findings.list()
}

/** Every record as a batch of its own: the client library may have cut what was sent together. */
function asSimulated(history: History, partition: number): PartitionHistory {
  const told = new PartitionHistory(Ledger.name, partition)
  const writers = new Map<number, Writer>()
  for (const { id, sent } of history.all()) {
    if (id.partition !== partition) continue
    const { lane, sequence } = id
    const writer = writers.get(lane) ?? { id: lane, isIdempotent: !history.isPlain(lane), acks: -1 }
    writers.set(lane, writer)
    const batch = told.sent(writer, lane, sequence, 1)
    if (sent.outcome === 'acknowledged') told.acknowledged(batch, sent.offset)
    else batch.fate = sent.outcome === 'refused' ? 'fail' : 'unknown'
  }
  return told
}
