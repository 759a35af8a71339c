/**
 * One member of the metadata quorum: Raft in KRaft's shape (pull replication, pre-vote, check-quorum, leader epochs).
 * A pure core: `step(event)` gives effects, the pump carries them out in order and comes back with what happened. Time
 * and randomness are arguments. With one voter it leads as soon as it starts, in a new epoch.
 *
 * Rules it must never break: one vote per epoch, persisted before it is told; a leader only ever appends; only records
 * of the own epoch are committed by counting; committed records are never cut.
 */
import type { RaftEffect, RaftEvent, RaftLog, RaftOptions } from './events.ts'
import {
  followerDeadline,
  onEndEpoch,
  onFetchResponse,
  onFollowerSynced,
  onFollowerTick,
  onLeaderDown,
} from './follower.ts'
import {
  leaderDeadline,
  onFetch,
  onFetchSnapshot,
  onLeaderAppended,
  onLeaderSynced,
  onLeaderTick,
  onVotersChanged,
  successorsOf,
} from './leader.ts'
import { type FetchRequest, type FetchSnapshotRequest, NO_NODE, type RaftMessage } from './messages.ts'
import type { QuorumState } from './quorum-state.ts'
import { type ReplicaProgress, replicasOf } from './progress.ts'
import { onFetchSnapshotResponse, onSnapshotInstalled, onSnapshotRefused } from './snapshot-fetch.ts'
import { RaftState, type Role } from './state.ts'
import {
  announceEnd,
  becomeCandidate,
  becomeFollower,
  becomeNewcomer,
  becomeResigned,
  becomeUnattached,
} from './transitions.ts'
import { changeVoters } from './voter-change.ts'
import type { Voter } from './voters.ts'
import { onElectionTick, onVoteRequest, onVoteResponse } from './voting.ts'

export class Raft {
  private readonly state: RaftState

  /** `persisted` is what was last written by a `persist` effect; `initialQuorumState` for a new member. */
  constructor(options: RaftOptions, persisted: QuorumState, log: RaftLog) {
    this.state = new RaftState(options, persisted, log)
  }

  get role(): Role['name'] {
    return this.state.role.name
  }

  get epoch(): number {
    return this.state.epoch
  }

  /** -1 = unknown. */
  get leader(): number {
    return this.state.leader
  }

  get isLeader(): boolean {
    return this.state.role.name === 'leader'
  }

  get highWatermark(): number {
    return this.state.highWatermark
  }

  /** Offset of the first record of the epoch this node leads; -1 when it leads none. */
  get epochStartOffset(): number {
    return this.state.role.name === 'leader' ? this.state.role.epochStartOffset : -1
  }

  /** Those that count now. */
  get voters(): readonly Voter[] {
    return this.state.voters
  }

  get isVoter(): boolean {
    return this.state.isVoter
  }

  /** What this leader knows of the others; null when it does not lead. Times are those that `step` was given. */
  replicas(): { readonly voters: readonly ReplicaProgress[]; readonly observers: readonly ReplicaProgress[] } | null {
    return this.state.role.name === 'leader' ? replicasOf(this.state, this.state.role) : null
  }

  /** When a `tick` is due, in the time that `step` is given; infinity when none is. */
  get deadlineMs(): number {
    const { role } = this.state
    switch (role.name) {
      case 'follower':
        return followerDeadline(role)
      case 'leader':
        return leaderDeadline(this.state, role)
      case 'resigned':
        return Math.min(role.electionDeadlineMs, role.nextEndMs)
      default:
        return role.electionDeadlineMs
    }
  }

  /** `nowMs` is monotonic; `random` is a fresh uniform integer in [0, 2^32). */
  step(event: RaftEvent, nowMs: number, random: number): RaftEffect[] {
    const { state } = this
    if (state.beginStep(nowMs, random) && state.role.name === 'leader') onVotersChanged(state, state.role)
    switch (event.type) {
      case 'start':
        this.start()
        break
      case 'tick':
        this.tick()
        break
      case 'receive':
        this.receive(event.from, event.message)
        break
      case 'log-appended':
        if (state.role.name === 'leader') onLeaderAppended(state, state.role)
        break
      case 'log-synced':
        if (state.role.name === 'leader') onLeaderSynced(state, state.role)
        else if (state.role.name === 'follower') onFollowerSynced(state, state.role)
        break
      case 'resign':
        if (state.role.name === 'leader') becomeResigned(state, successorsOf(state.role))
        break
      case 'leader-down':
        if (state.role.name === 'follower') onLeaderDown(state, state.role, event.leader)
        break
      case 'change-voters':
        changeVoters(state, event)
        break
      case 'snapshot-installed':
        onSnapshotInstalled(state, event.snapshot)
        break
      case 'snapshot-refused':
        onSnapshotRefused(state)
        break
    }
    return state.endStep()
  }

  private start(): void {
    const { state } = this
    const { nodeId } = state.options
    // The log knows of a later epoch than the state file: the file was lost, and with it the vote. So: no vote in that epoch.
    if (state.log.lastEpoch > state.epoch)
      state.remember({ epoch: state.log.lastEpoch, votedFor: nodeId, leader: NO_NODE })
    if (state.isOnlyVoter) becomeCandidate(state)
    // A leader that restarts may have lost its place in the epoch, and with it what it promised: it never resumes.
    else if (state.leader === nodeId) becomeResigned(state, state.otherVoters)
    else if (state.leader !== NO_NODE) becomeFollower(state, state.epoch, state.leader)
    else becomeNewcomer(state)
  }

  private tick(): void {
    const { state } = this
    const { role } = state
    if (role.name === 'leader') onLeaderTick(state, role)
    else if (role.name === 'follower') onFollowerTick(state, role)
    else {
      if (role.name === 'resigned') announceEnd(state, role)
      onElectionTick(state)
    }
  }

  private receive(from: number, message: RaftMessage): void {
    const { state } = this
    const leader = 'leader' in message ? message.leader : NO_NODE
    if (message.epoch > state.epoch) {
      if (leader !== NO_NODE && leader !== state.options.nodeId) becomeFollower(state, message.epoch, leader)
      else becomeUnattached(state, message.epoch)
    } else if (message.epoch === state.epoch && leader !== NO_NODE) this.learnLeader(leader)
    switch (message.type) {
      case 'vote-request':
        onVoteRequest(state, from, message)
        break
      case 'fetch-request':
        this.receiveFetch(from, message)
        break
      case 'fetch-snapshot-request':
        this.receiveFetchSnapshot(from, message)
        break
      case 'begin-epoch-request':
        state.send(from, { type: 'begin-epoch-response', epoch: state.epoch, leader: state.toldLeader })
        break
      case 'end-epoch-request':
        if (state.role.name === 'follower' && message.epoch === state.epoch) onEndEpoch(state, state.role, message)
        state.send(from, { type: 'end-epoch-response', epoch: state.epoch, leader: state.toldLeader })
        break
      case 'vote-response':
        if (message.epoch === state.epoch) onVoteResponse(state, from, message)
        break
      case 'fetch-response':
        if (message.epoch === state.epoch) onFetchResponse(state, message)
        break
      case 'fetch-snapshot-response':
        if (message.epoch === state.epoch) onFetchSnapshotResponse(state, message)
        break
      case 'end-epoch-response':
        if (state.role.name === 'resigned') state.role.unacknowledged.delete(from)
        break
      case 'begin-epoch-response':
        // The fetch that follows is the acknowledgement that counts.
        break
    }
  }

  /** A message of the own epoch names its leader, which whoever sent it hears: news to a node that does not. */
  private learnLeader(leader: number): void {
    const { role, options, epoch } = this.state
    if (leader !== options.nodeId && role.name !== 'follower' && role.name !== 'leader') {
      becomeFollower(this.state, epoch, leader)
    }
  }

  private receiveFetch(from: number, request: FetchRequest): void {
    const { state } = this
    if (state.role.name === 'leader' && request.epoch === state.epoch) {
      onFetch(state, state.role, from, request)
      return
    }
    state.send(from, {
      type: 'fetch-response',
      requestId: request.requestId,
      epoch: state.epoch,
      leader: state.toldLeader,
      result: 'not-leader',
      diverging: null,
      snapshot: null,
      highWatermark: state.highWatermark,
      records: [],
    })
  }

  private receiveFetchSnapshot(from: number, request: FetchSnapshotRequest): void {
    const { state } = this
    if (state.role.name === 'leader' && request.epoch === state.epoch) {
      onFetchSnapshot(state, state.role, from, request)
      return
    }
    state.send(from, {
      type: 'fetch-snapshot-response',
      requestId: request.requestId,
      epoch: state.epoch,
      leader: state.toldLeader,
      result: 'not-leader',
      sizeBytes: 0,
      position: 0,
      bytes: Buffer.alloc(0),
    })
  }
}
