/** What a member must remember across restarts: nobody votes twice in an epoch, nobody goes back an epoch. */
import { NO_NODE } from './messages.ts'

export interface QuorumState {
  readonly epoch: number
  /** Candidate this node voted for in `epoch`, -1 = none. */
  readonly votedFor: number
  /** Leader of `epoch` as far as known, -1 = unknown. */
  readonly leader: number
}

export const initialQuorumState: QuorumState = { epoch: 0, votedFor: NO_NODE, leader: NO_NODE }

/** The `quorum-state` file does not hold what this node wrote. Starting without it could vote twice, so: refuse. */
export class QuorumStateError extends Error {
  override readonly name = 'QuorumStateError'
}

/** The text of Kafka's `quorum-state` file, data version 0. */
export function formatQuorumState(state: QuorumState, voters: readonly number[]): string {
  return JSON.stringify({
    leaderId: state.leader,
    leaderEpoch: state.epoch,
    votedId: state.votedFor,
    currentVoters: voters.map((voterId) => ({ voterId })),
    data_version: 0,
  })
}

function integerField(record: Readonly<Record<string, unknown>>, name: string): number {
  const value = record[name]
  if (typeof value === 'number' && Number.isInteger(value) && value >= -1) return value
  throw new QuorumStateError(`quorum-state: ${name} is ${JSON.stringify(value) ?? 'missing'}`)
}

/** Throws QuorumStateError. */
export function parseQuorumState(text: string): QuorumState {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new QuorumStateError('quorum-state: not JSON', { cause })
  }
  if (typeof parsed !== 'object' || parsed === null) throw new QuorumStateError('quorum-state: not an object')
  const record = { ...parsed }
  if (integerField(record, 'data_version') !== 0) throw new QuorumStateError('quorum-state: unknown data_version')
  return {
    epoch: integerField(record, 'leaderEpoch'),
    votedFor: integerField(record, 'votedId'),
    leader: integerField(record, 'leaderId'),
  }
}
