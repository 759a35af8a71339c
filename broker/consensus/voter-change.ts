/**
 * Changes of voters, one at a time (KIP-853, Raft thesis 4.1). A set counts from the moment it is in the log; the next change
 * waits until it is committed, and until the leader has committed a record of its own epoch, without which two leaders
 * could each change a set that the other does not know.
 */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { RaftEvent } from './events.ts'
import { isCaughtUp } from './progress.ts'
import type { Leader, RaftState } from './state.ts'
import { changedVoters, formatVoters, type Voter, type VoterChange } from './voters.ts'

interface Refusal {
  readonly error: ErrorCode
  readonly message: string | null
}

/** Answered at once when it cannot be made or nobody waits for it, else once it is committed. */
export function changeVoters(state: RaftState, event: Extract<RaftEvent, { type: 'change-voters' }>): void {
  const { role } = state
  const { requestId, change, waits } = event
  const refusal = refusalOf(state, change)
  if (refusal !== null || role.name !== 'leader') {
    state.emit({ type: 'voters-answered', requestId, error: Errors.NOT_LEADER_OR_FOLLOWER, message: null, ...refusal })
    return
  }
  const voters = changedVoters(state.voters, change) ?? state.voters
  state.emit({ type: 'append-voters', voters })
  if (waits) role.change = { requestId, offset: state.log.endOffset }
  else state.emit({ type: 'voters-answered', requestId, error: Errors.NONE, message: null })
}

function refusalOf(state: RaftState, change: VoterChange): Refusal | null {
  const { role, log, highWatermark } = state
  if (role.name !== 'leader') return { error: Errors.NOT_LEADER_OR_FOLLOWER, message: null }
  const votersOffset = log.voters?.offset ?? -1
  if (role.change !== null) {
    return notYet('Request timed out waiting for leader to handle previous voter change request')
  }
  if (highWatermark <= role.epochStartOffset) {
    return notYet('Request timed out waiting for leader to establish HWM and fence previous voter changes')
  }
  if (votersOffset >= highWatermark) {
    const where = `at ${votersOffset} with HWM ${highWatermark}`
    return notYet(`Request timed out waiting for voters to commit the latest voter change ${where}`)
  }
  if (change.kind === 'add') return additionProblem(state, role, change.voter)
  if (changedVoters(state.voters, change) !== null) return null
  const id = change.kind === 'remove' ? change.id : change.voter.id
  const message = `Cannot ${change.kind} voter ${id} ${change.kind === 'remove' ? 'from' : 'in'} the set of voters ${formatVoters(state.voters)}`
  return { error: Errors.VOTER_NOT_FOUND, message }
}

function additionProblem(state: RaftState, role: Leader, added: Voter): Refusal | null {
  const { id } = added
  if (state.voters.some((voter) => voter.id === id)) {
    const message = `The voter id for ${id} is already part of the set of voters ${formatVoters(state.voters)}.`
    return { error: Errors.DUPLICATE_VOTER, message }
  }
  if (isCaughtUp(state, role, added)) return null
  return notYet(`Aborted add voter operation for ${id} since it is lagging behind`)
}

function notYet(message: string): Refusal {
  return { error: Errors.REQUEST_TIMED_OUT, message }
}

/** Answers whoever waits for a change that is committed, or whose record the full disk did not take. */
export function settleChange(state: RaftState, role: Leader): void {
  const { change } = role
  if (change === null) return
  const isThere = state.log.voters?.offset === change.offset
  if (isThere && state.highWatermark <= change.offset) return
  role.change = null
  const error = isThere ? Errors.NONE : Errors.KAFKA_STORAGE_ERROR
  const message = isThere ? null : 'There is no room for the new set of voters.'
  state.emit({ type: 'voters-answered', requestId: change.requestId, error, message })
}
