/** Following: fetch, append, acknowledge by the next fetch; give up a leader that is silent. */
import { ELECTION_SPREAD_MS } from './events.ts'
import type { EndEpochRequest, FetchResponse } from './messages.ts'
import { beginDownload } from './snapshot-fetch.ts'
import type { Follower, RaftState } from './state.ts'
import { becomeCandidate, becomeProspective, becomeUnattached, heardFromLeader, sendFetch } from './transitions.ts'

/** Commits what the leader has committed, as far as it is durable here. */
function followHighWatermark(state: RaftState, role: Follower): void {
  state.commit(Math.min(role.leaderHighWatermark, state.log.durableEndOffset))
}

function cutDivergence(state: RaftState, response: FetchResponse): void {
  const { diverging } = response
  if (diverging === null) return
  const own = state.log.endOffsetForEpoch(diverging.epoch)
  const offset = Math.min(diverging.endOffset, own.endOffset)
  if (offset < state.highWatermark) {
    // Committed records are in every later leader's log: this is a broken quorum, not a state to go on from.
    throw new Error(`metadata log diverges at ${offset}, below the committed ${state.highWatermark}`)
  }
  state.emit({ type: 'truncate', offset })
}

export function onFetchResponse(state: RaftState, response: FetchResponse): void {
  const { role } = state
  if (role.name !== 'follower' || role.inFlight?.requestId !== response.requestId) return
  role.inFlight = null
  if (response.result === 'not-leader') {
    role.retryAtMs = state.nowMs + state.options.retryBackoffMs
    return
  }
  heardFromLeader(state, role)
  if (response.result === 'snapshot') return beginDownload(state, role, response)
  if (response.result === 'diverging') {
    cutDivergence(state, response)
    // The log is cut when this step's effects are carried out: ask in the next.
    role.retryAtMs = state.nowMs
    return
  }
  role.leaderHighWatermark = Math.max(role.leaderHighWatermark, response.highWatermark)
  if (response.records.length > 0) state.emit({ type: 'append-records', records: response.records })
  followHighWatermark(state, role)
  if (response.records.length === 0) sendFetch(state)
}

export function onFollowerSynced(state: RaftState, role: Follower): void {
  followHighWatermark(state, role)
  if (role.inFlight === null && role.retryAtMs === null) sendFetch(state)
}

/** The leader stops: stand at once when first in line, else if that election fails. */
export function onEndEpoch(state: RaftState, role: Follower, request: EndEpochRequest): void {
  role.leaderIsLive = false
  // The leader's own word needs no pre-vote, which the others, not told yet, would refuse.
  if (request.successors[0] === state.options.nodeId && state.mayStand) becomeCandidate(state)
  else role.fetchDeadlineMs = Math.min(role.fetchDeadlineMs, state.electionDeadline())
}

/**
 * The leader's process seems to be gone. Others that have lost it too may have this node's pre-vote, and it soon asks for
 * theirs; those that still hear the leader refuse, so that a wrong hint changes nothing.
 */
export function onLeaderDown(state: RaftState, role: Follower, leader: number): void {
  if (leader !== role.leader) return
  role.leaderIsLive = false
  role.fetchDeadlineMs = Math.min(role.fetchDeadlineMs, state.nowMs + state.randomMs(ELECTION_SPREAD_MS))
}

export function onFollowerTick(state: RaftState, role: Follower): void {
  if (state.nowMs >= role.fetchDeadlineMs) {
    if (state.mayStand) becomeProspective(state)
    else becomeUnattached(state, state.epoch)
    return
  }
  const overdue = role.inFlight !== null && state.nowMs >= role.inFlight.deadlineMs
  const retry = role.retryAtMs !== null && state.nowMs >= role.retryAtMs
  if (overdue || retry) sendFetch(state)
}

export function followerDeadline(role: Follower): number {
  return Math.min(
    role.fetchDeadlineMs,
    role.inFlight?.deadlineMs ?? Number.POSITIVE_INFINITY,
    role.retryAtMs ?? Number.POSITIVE_INFINITY,
  )
}
