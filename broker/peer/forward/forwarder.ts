/**
 * Brings calls to the active controller, wherever it is, and goes on when it moves: what is refused for NOT_CONTROLLER, or
 * whose answer is lost, is asked again until its time is up, as Kafka's brokers do. A change that was made although its
 * answer was lost is then answered with the error of one that was made already.
 */
import type { Api } from '../../../proto/kafka/api.ts'
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import { Envelope } from '../../../proto/kafka/generated/apis.ts'
import type { EnvelopeResponse } from '../../../proto/kafka/generated/58-envelope.ts'
import { readResponseHeader, writeRequestHeader } from '../../../proto/kafka/header.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import { WireError } from '../../../proto/kafka/wire-error.ts'
import { Writer } from '../../../proto/kafka/writer.ts'
import type { ItemResult } from '../../controller/api.ts'
import type { Controller } from '../../controller/controller.ts'
import { failure } from '../../controller/core.ts'
import { FORWARDED_CALLS_MAX } from '../../limits.ts'
import type { Clock, Timer } from '../../ports/clock.ts'
import type { PeerChannels } from '../channels.ts'
import type { ForwardedCall } from './calls.ts'

/** Before the next attempt (ms): doubles up to the longest. A new controller is there within a second or two. */
const BACKOFF_MS = 20
const BACKOFF_MAX_MS = 200

export interface ForwarderOptions {
  readonly nodeId: number
  readonly clock: Clock
  readonly controller: Pick<Controller, 'isActive' | 'epoch' | 'view' | 'whenApplied'>
  readonly channels: Pick<PeerChannels, 'to'>
  /** How long a call is tried (ms). */
  readonly timeoutMs: number
}

interface Attempt<Req, Res, Result> {
  readonly call: ForwardedCall<Req, Res, Result>
  /** The same asked of the controller in this process. */
  readonly locally: (done: (result: Result) => void) => void
  readonly deadlineMs: number
  pauseMs: number
  done: (result: Result) => void
  refuse: (why: ItemResult) => void
}

export class Forwarder {
  private readonly options: ForwarderOptions
  private underway = 0
  private closed = false

  constructor(options: ForwarderOptions) {
    this.options = options
  }

  /** One of the two callbacks is called, once, in a later turn. */
  send<Req, Res, Result>(
    call: ForwardedCall<Req, Res, Result>,
    locally: (done: (result: Result) => void) => void,
    done: (result: Result) => void,
    refuse: (why: ItemResult) => void,
  ): void {
    const { clock, timeoutMs } = this.options
    if (this.underway >= FORWARDED_CALLS_MAX || this.closed) {
      const why = failure(Errors.NOT_CONTROLLER, 'Too many requests wait for an active controller.')
      return clock.turnEnd(() => refuse(why))
    }
    this.underway += 1
    const settle = (act: () => void) => {
      this.underway -= 1
      act()
    }
    this.attempt({
      call,
      locally,
      deadlineMs: clock.monotonic() + timeoutMs,
      pauseMs: BACKOFF_MS,
      done: (result) => settle(() => done(result)),
      refuse: (why) => settle(() => refuse(why)),
    })
  }

  /** What waits for a controller is refused at its next attempt. */
  close(): void {
    this.closed = true
  }

  private attempt<Req, Res, Result>(attempt: Attempt<Req, Res, Result>): void {
    const { nodeId, controller, channels, clock } = this.options
    const { controllerId } = controller.view
    if (controllerId === nodeId) return this.askHere(attempt)
    const channel = controllerId < 0 ? null : channels.to(controllerId, 'forward')
    if (channel === null) return this.again(attempt)
    const { call } = attempt
    const timeoutMs = Math.max(1, attempt.deadlineMs - clock.monotonic())
    const request = {
      requestData: encode(call.api, call.version, call.request(Math.ceil(timeoutMs))),
      requestPrincipal: null,
      clientHostAddress: Buffer.alloc(4),
      forwardedBy: nodeId,
    }
    channel.request(Envelope, request, timeoutMs, (error, response) => {
      if (error?.outcome === 'unsupported') attempt.refuse(failure(Errors.UNSUPPORTED_VERSION, error.message))
      else if (response === null || response.errorCode === Errors.NOT_CONTROLLER) this.again(attempt)
      else this.take(attempt, response)
    })
  }

  private take<Req, Res, Result>(attempt: Attempt<Req, Res, Result>, response: EnvelopeResponse): void {
    const { call } = attempt
    if (response.errorCode !== Errors.NONE || response.responseData === null) {
      return attempt.refuse(failure(response.errorCode as ErrorCode))
    }
    let result: Result
    try {
      const reader = new Reader(response.responseData)
      readResponseHeader(reader, call.api, call.version)
      result = call.read(call.api.readResponse(reader, call.version))
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return attempt.refuse(failure(Errors.UNKNOWN_SERVER_ERROR, error.message))
    }
    this.whenSeen(response.metadataOffset, attempt.deadlineMs, () => attempt.done(result))
  }

  /** The change is made. Cut off from the quorum, this broker cannot see it, and says so all the same when time is up. */
  private whenSeen(offset: number, deadlineMs: number, done: () => void): void {
    const { controller, clock } = this.options
    let isDone = false
    const once = () => {
      if (isDone) return
      isDone = true
      timer?.cancel()
      done()
    }
    let timer: Timer | null = null
    controller.whenApplied(offset, once)
    if (!isDone) timer = clock.after(Math.max(0, deadlineMs - clock.monotonic()), once)
  }

  private askHere<Req, Res, Result>(attempt: Attempt<Req, Res, Result>): void {
    const { controller } = this.options
    const { epoch } = controller
    if (!controller.isActive) return this.again(attempt)
    attempt.locally((result) => {
      if (controller.isActive && controller.epoch === epoch) attempt.done(result)
      else this.again(attempt)
    })
  }

  private again<Req, Res, Result>(attempt: Attempt<Req, Res, Result>): void {
    const { clock } = this.options
    const { pauseMs } = attempt
    attempt.pauseMs = Math.min(BACKOFF_MAX_MS, pauseMs * 2)
    clock.after(pauseMs, () => {
      if (!this.closed && clock.monotonic() < attempt.deadlineMs) return this.attempt(attempt)
      attempt.refuse(failure(Errors.NOT_CONTROLLER, 'There is no active controller to ask.'))
    })
  }
}

/** A request as Kafka frames it inside an Envelope: header and body, without a length. */
function encode<Req>(api: Api<Req, unknown>, version: number, message: Req): Buffer {
  const writer = new Writer()
  writeRequestHeader(writer, api, version, 0, null)
  api.writeRequest(writer, message, version)
  return writer.toBuffer()
}
