/**
 * Carries the messages of the metadata quorum: requests of the own member leave over channels, their answers come back to
 * it; requests of other members are given to it, and what it sends in answer becomes their responses.
 */
import type { RaftMessage, RaftRequest, RaftResponse } from '../consensus/messages.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchSnapshot, Vote } from '../../proto/kafka/generated/apis.ts'
import type * as fetch from '../../proto/kafka/generated/01-fetch.ts'
import type * as vote from '../../proto/kafka/generated/52-vote.ts'
import type * as begin from '../../proto/kafka/generated/53-begin-quorum-epoch.ts'
import type * as end from '../../proto/kafka/generated/54-end-quorum-epoch.ts'
import type * as snapshot from '../../proto/kafka/generated/59-fetch-snapshot.ts'
import type { PeerChannel } from './channel.ts'
import type { PeerError } from './errors.ts'
import { snapshotWire } from './quorum-snapshot-wire.ts'
import { beginWire, endWire, fetchWire, type QuorumIdentity, QuorumRefusal, voteWire } from './quorum-wire.ts'

export interface QuorumTransportOptions extends QuorumIdentity {
  /** The way to another node; null when nobody knows where it is. */
  readonly channel: (nodeId: number) => PeerChannel | null
  /** Hands a message to the own member. */
  readonly deliver: (from: number, message: RaftMessage) => void
  /** A member refused, or said what makes no sense: to be logged. */
  readonly refused: (nodeId: number, reason: Error) => void
  /** The request of a node that has no business here was refused: to be logged, once. */
  readonly rejected?: (reason: Error) => void
  readonly requestTimeoutMs: number
  /** How long a leader may keep a fetch that it has nothing for. */
  readonly fetchWaitMs: number
}

/** A fetch of another member that the own one has not answered. */
interface Parked<Response> {
  readonly requestId: number
  readonly reply: (response: Response) => void
}

type Answer = (response: RaftResponse) => void

export class QuorumTransport {
  private readonly options: QuorumTransportOptions
  /** By replica: at most one each, as the member keeps at most one. */
  private readonly fetches = new Map<number, Parked<fetch.FetchResponse>>()
  private readonly pieces = new Map<number, Parked<snapshot.FetchSnapshotResponse>>()
  /** By sender and type, in the order asked: the member answers these within the step that takes them. */
  private readonly answers = new Map<string, Answer[]>()
  private nextRequestId = 1
  private closed = false

  constructor(options: QuorumTransportOptions) {
    this.options = options
  }

  /** An effect of the own member. */
  send(to: number, message: RaftMessage): void {
    switch (message.type) {
      case 'vote-request':
      case 'begin-epoch-request':
      case 'end-epoch-request':
      case 'fetch-request':
      case 'fetch-snapshot-request':
        this.ask(to, message)
        break
      default:
        this.answer(to, message)
    }
  }

  /** Answers what waits; nothing is delivered any more. */
  close(): void {
    this.closed = true
    for (const replica of [...this.fetches.keys()])
      this.release(this.fetches, replica, (code) => fetchWire.refusal(code))
    for (const replica of [...this.pieces.keys()])
      this.release(this.pieces, replica, (code) => snapshotWire.refusal(code))
  }

  vote(request: vote.VoteRequest, reply: (response: vote.VoteResponse) => void): void {
    this.take(
      () => voteWire.receive(this.options, request),
      ({ candidate }) => candidate,
      'vote-response',
      (response) => (response.type === 'vote-response' ? reply(voteWire.response(response)) : undefined),
      (code) => reply(voteWire.refusal(code)),
    )
  }

  beginEpoch(request: begin.BeginQuorumEpochRequest, reply: (response: begin.BeginQuorumEpochResponse) => void): void {
    this.take(
      () => beginWire.receive(this.options, request),
      ({ leader }) => leader,
      'begin-epoch-response',
      (response) => (response.type === 'begin-epoch-response' ? reply(beginWire.response(response)) : undefined),
      (code) => reply(beginWire.refusal(code)),
    )
  }

  endEpoch(request: end.EndQuorumEpochRequest, reply: (response: end.EndQuorumEpochResponse) => void): void {
    this.take(
      () => endWire.receive(this.options, request),
      ({ leader }) => leader,
      'end-epoch-response',
      (response) => (response.type === 'end-epoch-response' ? reply(endWire.response(response)) : undefined),
      (code) => reply(endWire.refusal(code)),
    )
  }

  fetch(request: fetch.FetchRequest, reply: (response: fetch.FetchResponse) => void): void {
    if (this.closed) return reply(fetchWire.refusal(Errors.BROKER_NOT_AVAILABLE))
    const requestId = this.nextRequestId++
    try {
      const message = fetchWire.receive(this.options, request, requestId)
      this.release(this.fetches, message.replica, (code) => fetchWire.refusal(code))
      this.fetches.set(message.replica, { requestId, reply })
      this.options.deliver(message.replica, message)
    } catch (error) {
      reply(fetchWire.refusal(this.codeOf(error)))
    }
  }

  fetchSnapshot(
    request: snapshot.FetchSnapshotRequest,
    reply: (response: snapshot.FetchSnapshotResponse) => void,
  ): void {
    if (this.closed) return reply(snapshotWire.refusal(Errors.BROKER_NOT_AVAILABLE))
    const requestId = this.nextRequestId++
    try {
      const message = snapshotWire.receive(this.options, request, requestId)
      this.release(this.pieces, message.replica, (code) => snapshotWire.refusal(code))
      this.pieces.set(message.replica, { requestId, reply })
      this.options.deliver(message.replica, message)
    } catch (error) {
      reply(snapshotWire.refusal(this.codeOf(error)))
    }
  }

  private take<Message extends RaftRequest>(
    receive: () => Message,
    senderOf: (message: Message) => number,
    answerType: RaftResponse['type'],
    answer: Answer,
    refuse: (code: number) => void,
  ): void {
    if (this.closed) return refuse(Errors.BROKER_NOT_AVAILABLE)
    let message: Message
    try {
      message = receive()
    } catch (error) {
      return refuse(this.codeOf(error))
    }
    const from = senderOf(message)
    const key = `${from} ${answerType}`
    const waiting = this.answers.get(key) ?? []
    waiting.push(answer)
    this.answers.set(key, waiting)
    this.options.deliver(from, message)
  }

  private codeOf(error: unknown): number {
    if (!(error instanceof QuorumRefusal)) throw error
    this.options.rejected?.(error)
    return error.code
  }

  private answer(to: number, message: RaftResponse): void {
    if (message.type === 'fetch-snapshot-response') {
      const parked = this.pieces.get(to)
      if (parked?.requestId !== message.requestId) return
      this.pieces.delete(to)
      parked.reply(snapshotWire.response(message))
      return
    }
    if (message.type !== 'fetch-response') {
      const key = `${to} ${message.type}`
      const waiting = this.answers.get(key)
      waiting?.shift()?.(message)
      if (waiting?.length === 0) this.answers.delete(key)
      return
    }
    const parked = this.fetches.get(to)
    if (parked?.requestId !== message.requestId) return
    this.fetches.delete(to)
    parked.reply(fetchWire.response(message))
  }

  /** Nobody waits for what this fetch brings: whoever sent it asks anew. */
  private release<Response>(
    parked: Map<number, Parked<Response>>,
    replica: number,
    refusal: (code: number) => Response,
  ): void {
    const waiting = parked.get(replica)
    if (waiting === undefined) return
    parked.delete(replica)
    waiting.reply(refusal(Errors.REQUEST_TIMED_OUT))
  }

  private ask(to: number, message: RaftRequest): void {
    const { options } = this
    const channel = options.channel(to)
    // Unreachable is as good as lost: the member asks again when it is time to.
    if (channel === null || this.closed) return
    const timeoutMs = options.requestTimeoutMs
    switch (message.type) {
      case 'vote-request':
        channel.request(Vote, voteWire.request(options, to, message), timeoutMs, (error, response) =>
          this.answered(to, error, () => voteWire.receiveResponse(response!, message.preVote)),
        )
        break
      case 'begin-epoch-request':
        channel.request(BeginQuorumEpoch, beginWire.request(options, to, message), timeoutMs, (error, response) =>
          this.answered(to, error, () => beginWire.receiveResponse(response!)),
        )
        break
      case 'end-epoch-request':
        channel.request(EndQuorumEpoch, endWire.request(options, message), timeoutMs, (error, response) =>
          this.answered(to, error, () => endWire.receiveResponse(response!)),
        )
        break
      case 'fetch-request': {
        const request = fetchWire.request(options, message, options.fetchWaitMs)
        channel.request(Fetch, request, options.fetchWaitMs + timeoutMs, (error, response) =>
          this.answered(to, error, () => fetchWire.receiveResponse(response!, message.requestId)),
        )
        break
      }
      case 'fetch-snapshot-request':
        channel.request(FetchSnapshot, snapshotWire.request(options, message), timeoutMs, (error, response) =>
          this.answered(to, error, () => snapshotWire.receiveResponse(response!, message.requestId)),
        )
        break
    }
  }

  private answered(from: number, error: PeerError | null, read: () => RaftResponse): void {
    if (error !== null || this.closed) return
    let message: RaftResponse
    try {
      message = read()
    } catch (reason) {
      // The other side gave this one up for a newer one, or stops.
      const isGivenUp = reason instanceof QuorumRefusal && reason.code === Errors.REQUEST_TIMED_OUT
      if (isGivenUp) return
      return this.options.refused(from, reason instanceof Error ? reason : new Error(String(reason)))
    }
    this.options.deliver(from, message)
  }
}
