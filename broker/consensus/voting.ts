/** Requests and answers of elections: who grants a vote, and what a candidate does with the answers. */
import { majorityOf } from './majority.ts'
import { NO_NODE, type VoteRequest, type VoteResponse } from './messages.ts'
import type { RaftState } from './state.ts'
import { becomeCandidate, becomeLeader, becomeProspective, probe } from './transitions.ts'

/** A leader that was heard from lately, or is this node itself: no reason for an election. */
function knowsLiveLeader(state: RaftState): boolean {
  const { role } = state
  if (role.name === 'leader') return true
  return role.name === 'follower' && role.leaderIsLive && state.nowMs < role.fetchDeadlineMs
}

function grantsPreVote(state: RaftState, request: VoteRequest): boolean {
  return !knowsLiveLeader(state) && state.isUpToDate(request.lastEpoch, request.endOffset)
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

/** `request.epoch` is this node's epoch, or an older one. */
export function onVoteRequest(state: RaftState, from: number, request: VoteRequest): void {
  const current = request.epoch === state.epoch && state.isVoter && state.options.voters.includes(request.candidate)
  const granted = current && (request.preVote ? grantsPreVote(state, request) : grantsVote(state, request))
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
    leader: state.leader,
    granted,
    preVote: request.preVote,
  })
}

/** `response.epoch` is this node's epoch. */
export function onVoteResponse(state: RaftState, from: number, response: VoteResponse): void {
  const { role } = state
  if (role.name !== 'prospective' && role.name !== 'candidate') return
  if (response.preVote !== (role.name === 'prospective') || !state.otherVoters.includes(from)) return
  const majority = majorityOf(state.options.voters.length)
  if (response.granted) {
    role.granted.add(from)
    role.refused.delete(from)
    if (role.granted.size >= majority) {
      if (role.name === 'prospective') becomeCandidate(state)
      else becomeLeader(state)
    }
    return
  }
  role.refused.add(from)
}

/** Elections that were not won in their time. */
export function onElectionTick(state: RaftState): void {
  const { role } = state
  if (role.name === 'follower' || role.name === 'leader') return
  if (state.nowMs < role.electionDeadlineMs) return
  if (state.isVoter) becomeProspective(state)
  else probe(state)
}
