/** Requests and answers of elections: who grants a vote, and what a candidate does with the answers. */
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { ELECTION_SPREAD_MS } from './events.ts'
import { majorityOf } from './majority.ts'
import { NO_NODE, type VoteRequest, type VoteResponse } from './messages.ts'
import type { RaftState } from './state.ts'
import { becomeCandidate, becomeLeader, becomeProspective, becomeUnattached, probe } from './transitions.ts'

function grantsPreVote(state: RaftState, request: VoteRequest): boolean {
  return !state.knowsLiveLeader && state.isUpToDate(request.lastEpoch, request.endOffset)
}

function grantsVote(state: RaftState, request: VoteRequest): boolean {
  const { role, persistent } = state
  if (persistent.votedFor === request.candidate) return true
  const undecided = role.name === 'unattached' || role.name === 'prospective'
  return (
    undecided &&
    persistent.votedFor === NO_NODE &&
    persistent.leader === NO_NODE &&
    state.isUpToDate(request.lastEpoch, request.endOffset)
  )
}

/** The question is for the disk that this node has, and not for one that it had. */
function isMeant(state: RaftState, { voterDirectoryId }: VoteRequest): boolean {
  return voterDirectoryId === ZERO_UUID || voterDirectoryId === state.options.directoryId
}

/**
 * `request.epoch` is this node's epoch, or an older one. Neither the candidate nor this node need be a voter as far as this
 * node knows: its log may lack the record that made them one (Raft thesis 4.1). The candidate counts only voters.
 */
export function onVoteRequest(state: RaftState, from: number, request: VoteRequest): void {
  const isCurrent = request.epoch === state.epoch && isMeant(state, request)
  const granted = isCurrent && (request.preVote ? grantsPreVote(state, request) : grantsVote(state, request))
  if (granted && !request.preVote) {
    state.remember({ votedFor: request.candidate })
    // A node that gave its vote waits for the outcome before it stands itself.
    if (state.role.name === 'unattached' || state.role.name === 'prospective') {
      state.role = { name: 'unattached', electionDeadlineMs: state.electionDeadline() }
    }
  }
  state.send(from, {
    type: 'vote-response',
    epoch: state.epoch,
    leader: state.toldLeader,
    granted,
    preVote: request.preVote,
  })
}

/** `response.epoch` is this node's epoch. */
export function onVoteResponse(state: RaftState, from: number, response: VoteResponse): void {
  const { role } = state
  if (role.name !== 'prospective' && role.name !== 'candidate') return
  if (response.preVote !== (role.name === 'prospective') || !state.otherVoters.includes(from)) return
  if (response.granted) {
    role.granted.add(from)
    role.refused.delete(from)
    if (!isMajority(state, role.granted)) return
    if (role.name === 'prospective') becomeCandidate(state)
    else becomeLeader(state)
    return
  }
  role.refused.add(from)
  if (role.name === 'prospective') return
  // Most likely two stood at once, and the third is dead: the next try does not wait as long as for voters that are silent.
  const retryMs = state.nowMs + ELECTION_SPREAD_MS + state.randomMs(2 * ELECTION_SPREAD_MS)
  role.electionDeadlineMs = Math.min(role.electionDeadlineMs, retryMs)
}

function countVoters(state: RaftState, ids: ReadonlySet<number>): number {
  return state.voters.filter(({ id }) => ids.has(id)).length
}

function isMajority(state: RaftState, ids: ReadonlySet<number>): boolean {
  return countVoters(state, ids) >= majorityOf(state.voters.length)
}

/** Elections that were not won in their time. */
export function onElectionTick(state: RaftState): void {
  const { role } = state
  if (role.name === 'follower' || role.name === 'leader') return
  if (state.nowMs < role.electionDeadlineMs) return
  if (state.mayStand) becomeProspective(state)
  else if (role.name === 'unattached') probe(state)
  else becomeUnattached(state, state.epoch)
}
