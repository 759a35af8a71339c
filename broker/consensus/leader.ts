/** Leading: answer fetches, commit what a majority has on disk, step down when a majority is silent. */
import { fetchWaitMs } from './events.ts'
import { majorityOf, majorityOffset } from './majority.ts'
import type { FetchRequest } from './messages.ts'
import type { Leader, ParkedFetch, RaftState } from './state.ts'
import { announceEpoch, becomeResigned } from './transitions.ts'

/** Silence of a majority after which a leader steps down (KIP-835): longer than a follower takes to give up. */
function checkQuorumMs(state: RaftState): number {
  return state.options.fetchTimeoutMs * 1.5
}

function answer(state: RaftState, fetch: ParkedFetch): void {
  state.emit({
    type: 'send-records',
    to: fetch.from,
    requestId: fetch.requestId,
    epoch: state.epoch,
    fetchOffset: fetch.fetchOffset,
    highWatermark: state.highWatermark,
  })
}

/** Whether the log of the fetcher is a prefix of this one; else the place to look for the last common record. */
function divergenceOf(state: RaftState, request: FetchRequest) {
  if (request.fetchOffset === 0) return null
  const end = state.log.endOffsetForEpoch(request.lastEpoch)
  const prefix = end.epoch === request.lastEpoch && request.fetchOffset <= end.endOffset
  return prefix ? null : end
}

/** `request.epoch` is this node's epoch. */
export function onFetch(state: RaftState, role: Leader, from: number, request: FetchRequest): void {
  const progress = role.progress.get(request.replica)
  if (progress !== undefined) {
    progress.lastFetchMs = state.nowMs
    progress.nextBeginMs = state.nowMs + state.options.fetchTimeoutMs
  }
  const diverging = divergenceOf(state, request)
  if (diverging !== null) {
    state.send(from, {
      type: 'fetch-response',
      requestId: request.requestId,
      epoch: state.epoch,
      leader: state.leader,
      result: 'diverging',
      diverging,
      highWatermark: state.highWatermark,
      records: [],
    })
    return
  }
  if (progress !== undefined) {
    progress.endOffset = Math.max(progress.endOffset, request.fetchOffset)
    advanceHighWatermark(state, role)
  }
  const fetch: ParkedFetch = {
    from,
    requestId: request.requestId,
    fetchOffset: request.fetchOffset,
    highWatermark: request.highWatermark,
    deadlineMs: state.nowMs + fetchWaitMs(state.options),
  }
  if (hasNews(state, fetch)) answer(state, fetch)
  else role.parked.set(request.replica, fetch)
}

/** The follower wants records it lacks, or the high watermark of those it has. */
function hasNews(state: RaftState, fetch: ParkedFetch): boolean {
  return state.log.endOffset > fetch.fetchOffset || state.highWatermark > fetch.highWatermark
}

/** Answers parked fetches that there is news for, or that have waited long enough. */
export function answerParked(state: RaftState, role: Leader): void {
  for (const [replica, fetch] of role.parked) {
    if (!hasNews(state, fetch) && state.nowMs < fetch.deadlineMs) continue
    role.parked.delete(replica)
    answer(state, fetch)
  }
}

/**
 * Only a record of this epoch commits, and with it everything before (Raft 5.4.2). Followers may be faster to sync than this
 * node; it waits for its own disk all the same, so that no node has applied what it can lose.
 */
function advanceHighWatermark(state: RaftState, role: Leader): void {
  const ends = [...role.progress.values()].map((progress) => progress.endOffset)
  if (state.isVoter) ends.push(state.log.durableEndOffset)
  const offset = Math.min(majorityOffset(ends), state.log.durableEndOffset)
  if (offset > role.epochStartOffset && state.commit(offset)) answerParked(state, role)
}

export function onLeaderSynced(state: RaftState, role: Leader): void {
  advanceHighWatermark(state, role)
}

/** The voters best fit to follow this leader: those with the longest logs first. */
export function successorsOf(role: Leader): number[] {
  const voters = [...role.progress].sort(([a, one], [b, other]) => other.endOffset - one.endOffset || a - b)
  return voters.map(([voter]) => voter)
}

function quorumDeadline(state: RaftState, role: Leader): number {
  const heard = [...role.progress.values()].map((progress) => progress.lastFetchMs).sort((a, b) => b - a)
  // This node and the (majority - 1) others heard from last are the freshest majority.
  const others = majorityOf(state.options.voters.length) - 1
  const oldest = others === 0 ? Number.POSITIVE_INFINITY : (heard[others - 1] ?? Number.NEGATIVE_INFINITY)
  return oldest + checkQuorumMs(state)
}

export function onLeaderTick(state: RaftState, role: Leader): void {
  if (state.nowMs >= quorumDeadline(state, role)) {
    becomeResigned(state, successorsOf(role))
    return
  }
  answerParked(state, role)
  announceEpoch(state, role)
}

export function leaderDeadline(state: RaftState, role: Leader): number {
  let deadline = quorumDeadline(state, role)
  for (const progress of role.progress.values()) deadline = Math.min(deadline, progress.nextBeginMs)
  for (const fetch of role.parked.values()) deadline = Math.min(deadline, fetch.deadlineMs)
  return deadline
}
