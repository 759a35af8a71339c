/** What clients were told of a partition, held against what is in it at the end. */
import { must } from '../log/violation.ts'
import { describe, type PartitionHistory, recordId, type SentBatch } from './history.ts'

/** The history of a partition against the records that are in it, by offset. Throws a `Violation`. */
export function judge(history: PartitionHistory, records: readonly number[]): void {
  history.promised.forEach((id, offset) => {
    must(id === -1 || records[offset] === id || offset < history.deletedBelow, 'R1', () => {
      const found = records[offset]
      return `${history.name} offset ${offset} was ${describe(id)}, and is ${found === undefined ? 'gone' : describe(found)}`
    })
  })
  const offsets = new Map<number, number>()
  const twice = new Map<number, number>()
  records.forEach((id, offset) => {
    if (offsets.has(id)) twice.set(id, offset)
    else offsets.set(id, offset)
  })
  let known = 0
  /** By session: the number after the last record that was found. */
  const sessions = new Map<number, { number: number; offset: number }>()
  for (const batch of history.batches) known += judgeBatch(history, batch, offsets, twice, sessions)
  must(
    known === offsets.size,
    'P-unknown',
    () => `${history.name} holds ${offsets.size} records, and ${known} were sent`,
  )
}

/** Returns how many of its records are there. */
function judgeBatch(
  { name, deletedBelow }: PartitionHistory,
  { writer, session, firstNumber, count, fate, baseOffset }: SentBatch,
  offsets: ReadonlyMap<number, number>,
  twice: ReadonlyMap<number, number>,
  sessions: Map<number, { number: number; offset: number }>,
): number {
  let found = 0
  const mayBeDeleted = deletedBelow > 0 && (baseOffset < 0 || baseOffset + count <= deletedBelow)
  for (let number = firstNumber; number < firstNumber + count; number++) {
    const id = recordId(writer.id, number)
    const offset = offsets.get(id)
    if (offset === undefined) {
      must(
        fate !== 'ok' || writer.acks !== -1 || mayBeDeleted,
        'P1',
        () => `${name}: ${describe(id)} was acknowledged and is not there`,
      )
      continue
    }
    found++
    must(fate !== 'fail', 'P-refused', () => `${name}: ${describe(id)} was refused and is at offset ${offset}`)
    if (!writer.isIdempotent) continue
    must(!twice.has(id), 'P2', () => `${name}: ${describe(id)} is at offset ${offset} and at ${twice.get(id)}`)
    const before = sessions.get(session)
    must(before === undefined || before.offset < offset, 'P5', () => {
      return `${name}: ${describe(id)} is at offset ${offset}, before record ${before?.number} of the same session`
    })
    sessions.set(session, { number, offset })
  }
  must(found === 0 || found === count, 'P-torn', () => `${name}: ${found} of ${count} records of one batch are there`)
  return found
}
