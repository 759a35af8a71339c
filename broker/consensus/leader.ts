/** Leading: answer fetches, commit what a majority has on disk, step down when a majority is silent. */
import { fetchWaitMs } from './events.ts'
import { QUORUM_OBSERVERS_MAX } from '../limits.ts'
import { majorityOf, majorityOffset } from './majority.ts'
import type { EpochEnd, FetchRequest, FetchResponse, FetchSnapshotRequest, SnapshotId } from './messages.ts'
import { noteFetch } from './progress.ts'
import type { Leader, ParkedFetch, Progress, RaftState } from './state.ts'
import { announceEpoch, becomeResigned, newProgress } from './transitions.ts'
import { settleChange } from './voter-change.ts'

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
function divergenceOf(state: RaftState, request: FetchRequest): EpochEnd | null {
  if (request.fetchOffset === 0) return null
  const end = state.log.endOffsetForEpoch(request.lastEpoch)
  const prefix = end.epoch === request.lastEpoch && request.fetchOffset <= end.endOffset
  return prefix ? null : end
}

/** The snapshot to begin with, where this log does not say any more how the fetcher's log goes on, or that it is no prefix. */
function snapshotFor({ log }: RaftState, { fetchOffset, lastEpoch }: FetchRequest): SnapshotId | null {
  if (log.startOffset === 0) return null
  const isBefore = fetchOffset < log.startOffset || lastEpoch < log.startEpoch
  const isOther = fetchOffset === log.startOffset && lastEpoch !== log.startEpoch
  return isBefore || isOther ? log.snapshot : null
}

function redirect(state: RaftState, from: number, requestId: number, where: Partial<FetchResponse>): void {
  state.send(from, {
    type: 'fetch-response',
    requestId,
    epoch: state.epoch,
    leader: state.toldLeader,
    result: 'diverging',
    diverging: null,
    snapshot: null,
    highWatermark: state.highWatermark,
    records: [],
    ...where,
  })
}

/** `request.epoch` is this node's epoch. */
export function onFetch(state: RaftState, role: Leader, from: number, request: FetchRequest): void {
  const { requestId, fetchOffset } = request
  const snapshot = snapshotFor(state, request)
  const diverging = snapshot === null ? divergenceOf(state, request) : null
  const isPrefix = snapshot === null && diverging === null
  if (noteFetch(state, role, request, isPrefix ? fetchOffset : -1)) advanceHighWatermark(state, role)
  if (snapshot !== null) return redirect(state, from, requestId, { result: 'snapshot', snapshot })
  if (diverging !== null) return redirect(state, from, requestId, { diverging })
  // The commit that this fetch brings may have been that of this node's removal.
  if (state.role !== role) return redirect(state, from, requestId, { result: 'not-leader' })
  const { highWatermark } = request
  const fetch = { from, requestId, fetchOffset, highWatermark, deadlineMs: state.nowMs + fetchWaitMs(state.options) }
  if (hasNews(state, fetch)) answer(state, fetch)
  else if (role.parked.size < QUORUM_OBSERVERS_MAX) role.parked.set(request.replica, fetch)
}

/** A piece of a snapshot: as good a sign of life as a fetch. */
export function onFetchSnapshot(state: RaftState, role: Leader, from: number, request: FetchSnapshotRequest): void {
  noteFetch(state, role, request, -1)
  const { requestId, snapshot, position } = request
  state.emit({ type: 'send-snapshot', to: from, requestId, epoch: state.epoch, snapshot, position })
}

/** The follower wants records it lacks, or the high watermark of those it has. */
function hasNews(state: RaftState, fetch: ParkedFetch): boolean {
  return state.log.endOffset > fetch.fetchOffset || state.highWatermark > fetch.highWatermark
}

/** Answers parked fetches that there is news for, or that have waited long enough. */
function answerParked(state: RaftState, role: Leader): void {
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
  if (offset <= role.epochStartOffset || !state.commit(offset)) return
  settleChange(state, role)
  // A leader that is no voter any more has led up to the commit of that.
  if (!state.isVoter && state.highWatermark > (state.log.voters?.offset ?? -1))
    becomeResigned(state, successorsOf(role))
  else answerParked(state, role)
}

/** Another set counts: it was appended, or one was cut off with the log's end, or came with a snapshot. */
export function onVotersChanged(state: RaftState, role: Leader): void {
  const progress = new Map<number, Progress>()
  for (const id of state.otherVoters) {
    progress.set(id, role.progress.get(id) ?? role.observers.get(id) ?? newProgress(state.nowMs))
    role.observers.delete(id)
  }
  for (const [id, known] of role.progress) if (!progress.has(id)) role.observers.set(id, known)
  role.progress = progress
  settleChange(state, role)
  advanceHighWatermark(state, role)
}

/** Records were appended here, or the full disk took back what was. */
export function onLeaderAppended(state: RaftState, role: Leader): void {
  settleChange(state, role)
  answerParked(state, role)
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
  const heard = [...role.progress.values()].map(({ lastFetchMs, sinceMs }) => Math.max(lastFetchMs, sinceMs))
  heard.sort((a, b) => b - a)
  // This node, if it votes, and those of the others heard from last are the freshest majority.
  const others = majorityOf(state.voters.length) - (state.isVoter ? 1 : 0)
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
