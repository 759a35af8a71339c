/** What a leader knows of the replicas that fetch from it. */
import { QUORUM_OBSERVER_TIMEOUT_MS, QUORUM_OBSERVERS_MAX } from '../limits.ts'
import type { Leader, Progress, RaftState } from './state.ts'
import { newProgress } from './transitions.ts'
import { isVoterAmong, type Voter } from './voters.ts'

/** As DescribeQuorum shows a replica. Times are the core's; -1 = never. */
export interface ReplicaProgress {
  readonly id: number
  /** The zero id = not known. */
  readonly directoryId: string
  /** -1 = not known. */
  readonly endOffset: number
  readonly lastFetchMs: number
  readonly caughtUpMs: number
}

interface Fetcher {
  readonly replica: number
  readonly directoryId: string
}

/**
 * `endOffset` is how far the fetcher's log is known to be the same as this one; -1 = not known. Returns whether a voter has
 * come further.
 */
export function noteFetch(
  state: RaftState,
  role: Leader,
  { replica, directoryId }: Fetcher,
  endOffset: number,
): boolean {
  const isVoter = isVoterAmong(state.voters, replica, directoryId)
  const progress = isVoter ? role.progress.get(replica) : observerOf(state, role, replica)
  if (progress === undefined) return false
  const { nowMs, log } = state
  const isFirst = progress.lastFetchMs < 0
  if (endOffset >= 0 && endOffset >= log.endOffset) progress.caughtUpMs = nowMs
  // It has all there was when it asked before, so it was level with the leader then (KIP-836).
  else if (!isFirst && endOffset >= progress.leaderEndOffset) {
    progress.caughtUpMs = Math.max(progress.caughtUpMs, progress.lastFetchMs)
  }
  progress.directoryId = directoryId
  progress.lastFetchMs = nowMs
  progress.leaderEndOffset = log.endOffset
  progress.nextBeginMs = nowMs + state.options.fetchTimeoutMs
  if (endOffset <= progress.endOffset) return false
  progress.endOffset = endOffset
  return isVoter
}

function observerOf(state: RaftState, role: Leader, replica: number): Progress | undefined {
  const known = role.observers.get(replica)
  if (known !== undefined) return known
  forgetObservers(state, role)
  if (replica < 0 || role.observers.size >= QUORUM_OBSERVERS_MAX) return undefined
  const progress = newProgress(state.nowMs)
  role.observers.set(replica, progress)
  return progress
}

/** Those that have not fetched for long are gone. */
function forgetObservers({ nowMs }: RaftState, role: Leader): void {
  for (const [replica, { lastFetchMs, sinceMs }] of role.observers) {
    if (nowMs - Math.max(lastFetchMs, sinceMs) >= QUORUM_OBSERVER_TIMEOUT_MS) role.observers.delete(replica)
  }
}

/** Whether a replica without a vote could be given one: it had everything not long ago, so that commits will not wait for it. */
export function isCaughtUp(state: RaftState, role: Leader, { id, directoryId }: Voter): boolean {
  const progress = role.observers.get(id)
  return (
    progress?.directoryId === directoryId &&
    progress.caughtUpMs >= 0 &&
    state.nowMs - progress.caughtUpMs <= state.options.fetchTimeoutMs
  )
}

export function replicasOf(state: RaftState, role: Leader) {
  forgetObservers(state, role)
  const { nodeId, directoryId: ownDirectoryId } = state.options
  const seen = (id: number, { directoryId, endOffset, lastFetchMs, caughtUpMs }: Progress): ReplicaProgress => ({
    id,
    directoryId,
    endOffset,
    lastFetchMs,
    caughtUpMs,
  })
  const own: ReplicaProgress = {
    id: nodeId,
    directoryId: ownDirectoryId,
    endOffset: state.log.endOffset,
    lastFetchMs: state.nowMs,
    caughtUpMs: state.nowMs,
  }
  const followers = [...role.progress].map(([id, progress]) => seen(id, progress))
  const observers = [...role.observers].map(([id, progress]) => seen(id, progress))
  return {
    voters: (state.isVoter ? [own, ...followers] : followers).sort((a, b) => a.id - b.id),
    observers: (state.isVoter ? observers : [own, ...observers]).sort((a, b) => a.id - b.id),
  }
}
