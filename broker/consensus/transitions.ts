/** The moves from role to role. Each leaves the state consistent and asks for the first actions of the new role. */
import { fetchWaitMs } from './events.ts'
import { majorityOf } from './majority.ts'
import { type FetchRequest, NO_NODE } from './messages.ts'
import type { Leader, Progress, RaftState, Resigned } from './state.ts'

function announce(state: RaftState): void {
  state.emit({ type: 'leader-changed', leader: state.leader, epoch: state.epoch })
}

/** Leadership ends: whoever waits at this node for records is sent away, so that it need not wait in vain. */
function sendFetchersAway(state: RaftState): void {
  if (state.role.name !== 'leader') return
  for (const fetch of state.role.parked.values()) {
    state.send(fetch.from, {
      type: 'fetch-response',
      requestId: fetch.requestId,
      epoch: state.epoch,
      leader: state.leader,
      result: 'not-leader',
      diverging: null,
      highWatermark: state.highWatermark,
      records: [],
    })
  }
}

/** To `epoch` (higher, or the same after losing its leader) without a leader. */
export function becomeUnattached(state: RaftState, epoch: number): void {
  const newer = epoch > state.epoch
  if (newer) state.remember({ epoch, votedFor: NO_NODE, leader: NO_NODE })
  sendFetchersAway(state)
  state.role = { name: 'unattached', electionDeadlineMs: state.electionDeadline() }
  if (newer) announce(state)
  if (!state.isVoter) probe(state)
}

/** An observer finds the leader by asking one voter after the other for records. */
export function probe(state: RaftState): void {
  if (state.role.name !== 'unattached') return
  state.role.electionDeadlineMs = state.nowMs + state.options.requestTimeoutMs
  const requestId = state.requestId()
  const voter = state.otherVoters[requestId % state.otherVoters.length]
  if (voter !== undefined) state.send(voter, fetchRequest(state, requestId))
}

function fetchRequest(state: RaftState, requestId: number): FetchRequest {
  return {
    type: 'fetch-request',
    requestId,
    epoch: state.epoch,
    replica: state.options.nodeId,
    fetchOffset: state.log.endOffset,
    lastEpoch: state.log.lastEpoch,
    highWatermark: state.highWatermark,
  }
}

export function becomeFollower(state: RaftState, epoch: number, leader: number): void {
  const changed = epoch !== state.epoch || leader !== state.leader
  state.remember(epoch === state.epoch ? { leader } : { epoch, votedFor: NO_NODE, leader })
  sendFetchersAway(state)
  state.role = {
    name: 'follower',
    leader,
    fetchDeadlineMs: state.nowMs + state.options.fetchTimeoutMs,
    inFlight: null,
    retryAtMs: null,
    leaderHighWatermark: 0,
    leaderIsLive: false,
  }
  if (changed) announce(state)
  sendFetch(state)
}

/**
 * Asks for what comes after the own log. While something of it is not durable yet it asks for nothing: the offset asked
 * for is also an acknowledgement, and the leader would send the rest a second time. Does nothing unless following.
 */
export function sendFetch(state: RaftState): void {
  const { role } = state
  if (role.name !== 'follower' || state.log.durableEndOffset < state.log.endOffset) return
  const requestId = state.requestId()
  // The leader may keep the fetch for a while: that is no reason to ask again.
  const deadlineMs = state.nowMs + fetchWaitMs(state.options) + state.options.requestTimeoutMs
  role.inFlight = { requestId, deadlineMs }
  role.retryAtMs = null
  state.send(role.leader, fetchRequest(state, requestId))
}

function requestVotes(state: RaftState, preVote: boolean): void {
  for (const voter of state.otherVoters) {
    state.send(voter, {
      type: 'vote-request',
      epoch: state.epoch,
      candidate: state.options.nodeId,
      endOffset: state.log.endOffset,
      lastEpoch: state.log.lastEpoch,
      preVote,
    })
  }
}

/** Asks for pre-votes; with no other voter to ask, stands at once. */
export function becomeProspective(state: RaftState): void {
  state.role = {
    name: 'prospective',
    electionDeadlineMs: state.electionDeadline(),
    granted: new Set([state.options.nodeId]),
    refused: new Set(),
  }
  if (majorityOf(state.options.voters.length) === 1) becomeCandidate(state)
  else requestVotes(state, true)
}

export function becomeCandidate(state: RaftState): void {
  state.remember({ epoch: state.epoch + 1, votedFor: state.options.nodeId, leader: NO_NODE })
  state.role = {
    name: 'candidate',
    electionDeadlineMs: state.electionDeadline(),
    granted: new Set([state.options.nodeId]),
    refused: new Set(),
  }
  announce(state)
  if (majorityOf(state.options.voters.length) === 1) becomeLeader(state)
  else requestVotes(state, false)
}

export function becomeLeader(state: RaftState): void {
  state.remember({ leader: state.options.nodeId })
  const progress = new Map<number, Progress>(
    state.otherVoters.map((voter) => [voter, { endOffset: 0, lastFetchMs: state.nowMs, nextBeginMs: state.nowMs }]),
  )
  const role: Leader = {
    name: 'leader',
    sinceMs: state.nowMs,
    epochStartOffset: state.log.endOffset,
    progress,
    parked: new Map(),
  }
  state.role = role
  state.emit({ type: 'append-leader-change', epoch: state.epoch, voters: state.options.voters })
  announce(state)
  announceEpoch(state, role)
  // The only voter needs nobody's word: what is on its disk is committed.
  if (majorityOf(state.options.voters.length) === 1) state.commit(state.log.durableEndOffset)
}

/** Tells the voters that have not fetched lately who leads (again, until they fetch). */
export function announceEpoch(state: RaftState, role: Leader): void {
  for (const [voter, progress] of role.progress) {
    if (state.nowMs < progress.nextBeginMs) continue
    progress.nextBeginMs = state.nowMs + state.options.requestTimeoutMs
    state.send(voter, { type: 'begin-epoch-request', epoch: state.epoch, leader: state.options.nodeId })
  }
}

/** Gives up leadership of this epoch and tells the voters, so that they elect at once. */
export function becomeResigned(state: RaftState, successors: readonly number[]): void {
  const role: Resigned = {
    name: 'resigned',
    electionDeadlineMs: state.electionDeadline(),
    unacknowledged: new Set(state.otherVoters),
    successors,
    nextEndMs: state.nowMs,
  }
  sendFetchersAway(state)
  state.role = role
  announceEnd(state, role)
}

/** Tells those that have not answered yet, when it is time to. */
export function announceEnd(state: RaftState, role: Resigned): void {
  if (state.nowMs < role.nextEndMs) return
  role.nextEndMs = state.nowMs + state.options.requestTimeoutMs
  const { epoch, options } = state
  for (const voter of role.unacknowledged) {
    state.send(voter, { type: 'end-epoch-request', epoch, leader: options.nodeId, successors: role.successors })
  }
}
