/** The moves from role to role. Each leaves the state consistent and asks for the first actions of the new role. */
import { Errors } from '../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'
import { ELECTION_SPREAD_MS, fetchWaitMs } from './events.ts'
import { type FetchRequest, NO_NODE } from './messages.ts'
import type { Download, Follower, Leader, Progress, RaftState, Resigned } from './state.ts'

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
      leader: state.leader === state.options.nodeId ? NO_NODE : state.leader,
      result: 'not-leader',
      diverging: null,
      snapshot: null,
      highWatermark: state.highWatermark,
      records: [],
    })
  }
}

/** Whoever asked for a change of voters is told that another leader has to see to it. */
function giveUpChange(state: RaftState): void {
  if (state.role.name !== 'leader' || state.role.change === null) return
  const { requestId } = state.role.change
  const message = 'This node stopped leading before the change was committed: it may be made, or not.'
  state.emit({ type: 'voters-answered', requestId, error: Errors.NOT_LEADER_OR_FOLLOWER, message })
}

/** Unless all its bytes are here: then it will be put in place, whoever leads meanwhile. */
export function abandonDownload(state: RaftState): void {
  if (state.download === null || state.download.isComplete) return
  state.download = null
  state.emit({ type: 'drop-snapshot' })
}

/** What a role had begun ends with it. */
function leaveRole(state: RaftState): void {
  sendFetchersAway(state)
  giveUpChange(state)
  abandonDownload(state)
}

/** To `epoch` (higher, or the same after losing its leader) without a leader. */
export function becomeUnattached(state: RaftState, epoch: number): void {
  const newer = epoch > state.epoch
  if (newer) state.remember({ epoch, votedFor: NO_NODE, leader: NO_NODE })
  leaveRole(state)
  state.role = { name: 'unattached', electionDeadlineMs: state.electionDeadline() }
  if (newer) announce(state)
  if (!state.mayStand) probe(state)
}

/**
 * A member that starts and knows of no leader. It asks for pre-votes soon: either somebody answers who leads, or nobody does
 * and the first that finds a majority may as well stand now.
 */
export function becomeNewcomer(state: RaftState): void {
  becomeUnattached(state, state.epoch)
  if (state.role.name !== 'unattached' || !state.mayStand) return
  state.role.electionDeadlineMs = state.nowMs + state.randomMs(ELECTION_SPREAD_MS)
}

/** An observer finds the leader by asking one voter after the other for records. */
export function probe(state: RaftState): void {
  if (state.role.name !== 'unattached') return
  state.role.electionDeadlineMs = state.nowMs + state.options.requestTimeoutMs
  if (!mayFetch(state)) return
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
    directoryId: state.options.directoryId,
    fetchOffset: state.log.endOffset,
    lastEpoch: state.log.lastEpoch,
    highWatermark: state.highWatermark,
  }
}

export function becomeFollower(state: RaftState, epoch: number, leader: number): void {
  const changed = epoch !== state.epoch || leader !== state.leader
  state.remember(epoch === state.epoch ? { leader } : { epoch, votedFor: NO_NODE, leader })
  leaveRole(state)
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
 * While something of the own log is not durable yet, or a snapshot is about to take its place, nothing is fetched: the
 * offset asked for is also an acknowledgement, and the leader would send the rest a second time.
 */
function mayFetch({ log, download }: RaftState): boolean {
  return log.durableEndOffset === log.endOffset && download?.isComplete !== true
}

/** Asks for what comes after the own log, or for the rest of a snapshot. Does nothing unless following. */
export function sendFetch(state: RaftState): void {
  const { role } = state
  if (role.name !== 'follower' || !mayFetch(state)) return
  if (state.download !== null) return askForSnapshot(state, role, state.download)
  const requestId = state.requestId()
  // The leader may keep the fetch for a while: that is no reason to ask again.
  const deadlineMs = state.nowMs + fetchWaitMs(state.options) + state.options.requestTimeoutMs
  role.inFlight = { requestId, deadlineMs }
  role.retryAtMs = null
  state.send(role.leader, fetchRequest(state, requestId))
}

function askForSnapshot(state: RaftState, role: Follower, { snapshot, position }: Download): void {
  const { nodeId, directoryId, requestTimeoutMs } = state.options
  const requestId = state.requestId()
  role.inFlight = { requestId, deadlineMs: state.nowMs + requestTimeoutMs }
  role.retryAtMs = null
  state.send(role.leader, {
    type: 'fetch-snapshot-request',
    requestId,
    epoch: state.epoch,
    replica: nodeId,
    directoryId,
    snapshot,
    position,
  })
}

/** An answer of the leader: no election as long as it goes on like this. */
export function heardFromLeader(state: RaftState, role: Follower): void {
  role.fetchDeadlineMs = state.nowMs + state.options.fetchTimeoutMs
  role.leaderIsLive = true
}

function requestVotes(state: RaftState, preVote: boolean): void {
  for (const { id, directoryId } of state.voters) {
    if (id === state.options.nodeId) continue
    state.send(id, {
      type: 'vote-request',
      epoch: state.epoch,
      candidate: state.options.nodeId,
      endOffset: state.log.endOffset,
      lastEpoch: state.log.lastEpoch,
      preVote,
      voterDirectoryId: directoryId,
    })
  }
}

/** Asks for pre-votes; with no other voter to ask, stands at once. */
export function becomeProspective(state: RaftState): void {
  leaveRole(state)
  state.role = {
    name: 'prospective',
    electionDeadlineMs: state.electionDeadline(),
    granted: new Set([state.options.nodeId]),
    refused: new Set(),
  }
  if (state.isOnlyVoter) becomeCandidate(state)
  else requestVotes(state, true)
}

export function becomeCandidate(state: RaftState): void {
  leaveRole(state)
  state.remember({ epoch: state.epoch + 1, votedFor: state.options.nodeId, leader: NO_NODE })
  state.role = {
    name: 'candidate',
    electionDeadlineMs: state.electionDeadline(),
    granted: new Set([state.options.nodeId]),
    refused: new Set(),
  }
  announce(state)
  if (state.isOnlyVoter) becomeLeader(state)
  else requestVotes(state, false)
}

export function becomeLeader(state: RaftState): void {
  state.remember({ leader: state.options.nodeId })
  const role: Leader = {
    name: 'leader',
    sinceMs: state.nowMs,
    epochStartOffset: state.log.endOffset,
    progress: new Map(state.otherVoters.map((voter) => [voter, newProgress(state.nowMs)])),
    observers: new Map(),
    change: null,
    parked: new Map(),
  }
  state.role = role
  // A cluster of one names its voters with the first change: it has no second list that could differ.
  const bootstraps = state.log.voters === null && state.voters.length > 1
  state.emit({ type: 'append-leader-change', epoch: state.epoch, voters: state.voters, bootstraps })
  announce(state)
  announceEpoch(state, role)
  // The only voter needs nobody's word: what is on its disk is committed.
  if (state.isOnlyVoter) state.commit(state.log.durableEndOffset)
}

export function newProgress(nowMs: number): Progress {
  return {
    directoryId: ZERO_UUID,
    endOffset: -1,
    lastFetchMs: -1,
    caughtUpMs: -1,
    leaderEndOffset: -1,
    nextBeginMs: nowMs,
    sinceMs: nowMs,
  }
}

/** Tells the voters that have not fetched lately who leads (again, until they fetch). */
export function announceEpoch(state: RaftState, role: Leader): void {
  for (const [voter, progress] of role.progress) {
    if (state.nowMs < progress.nextBeginMs) continue
    progress.nextBeginMs = state.nowMs + state.options.requestTimeoutMs
    const voterDirectoryId = state.voters.find(({ id }) => id === voter)?.directoryId ?? ZERO_UUID
    const { epoch, options } = state
    state.send(voter, { type: 'begin-epoch-request', epoch, leader: options.nodeId, voterDirectoryId })
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
  const wasLeading = state.role.name === 'leader'
  leaveRole(state)
  state.role = role
  if (wasLeading) state.emit({ type: 'leader-changed', leader: NO_NODE, epoch: state.epoch })
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
