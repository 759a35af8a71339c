/**
 * A follower whose log ends before the leader's begins gets a snapshot instead, piece by piece (KIP-630). It is as good as
 * the records that it stands for: committed, so that nothing is lost when it takes the place of the own log.
 */
import type { FetchResponse, FetchSnapshotResponse, SnapshotId } from './messages.ts'
import type { Follower, RaftState } from './state.ts'
import { abandonDownload, heardFromLeader, sendFetch } from './transitions.ts'

export function beginDownload(state: RaftState, role: Follower, { snapshot }: FetchResponse): void {
  // One that holds no more than what is committed here is none that this node could need: ask again later.
  if (snapshot === null || snapshot.endOffset <= state.highWatermark) {
    role.retryAtMs = state.nowMs + state.options.retryBackoffMs
    return
  }
  state.download = { snapshot, position: 0, isComplete: false }
  sendFetch(state)
}

export function onFetchSnapshotResponse(state: RaftState, response: FetchSnapshotResponse): void {
  const { role, download } = state
  if (role.name !== 'follower' || download === null || role.inFlight?.requestId !== response.requestId) return
  role.inFlight = null
  if (response.result === 'not-leader') {
    role.retryAtMs = state.nowMs + state.options.retryBackoffMs
    return
  }
  heardFromLeader(state, role)
  const { position, bytes, sizeBytes } = response
  const isNext = position === download.position && bytes.length > 0 && position + bytes.length <= sizeBytes
  if (response.result === 'gone' || !isNext) {
    abandonDownload(state)
    role.retryAtMs = state.nowMs + state.options.retryBackoffMs
    return
  }
  state.emit({ type: 'keep-snapshot', snapshot: download.snapshot, position, bytes })
  download.position += bytes.length
  if (download.position < sizeBytes) return sendFetch(state)
  download.isComplete = true
  state.emit({ type: 'install-snapshot', snapshot: download.snapshot })
}

export function onSnapshotInstalled(state: RaftState, { endOffset }: SnapshotId): void {
  state.download = null
  state.commit(endOffset)
  sendFetch(state)
}

export function onSnapshotRefused(state: RaftState): void {
  state.download = null
  if (state.role.name === 'follower') state.role.retryAtMs = state.nowMs + state.options.retryBackoffMs
}
