/**
 * Envelope (key 58, KIP-590). Version 0. A client's request that another broker forwards, answered by the handlers that
 * serve clients, on the state of the active controller. Tells how much metadata has to be applied before the answer is given.
 * For brokers only.
 */
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { Envelope } from '../../proto/kafka/generated/apis.ts'
import type { EnvelopeRequest, EnvelopeResponse } from '../../proto/kafka/generated/58-envelope.ts'
import { readRequestHeader, type RequestHeader, writeResponseHeader } from '../../proto/kafka/header.ts'
import { Reader } from '../../proto/kafka/reader.ts'
import { WireError } from '../../proto/kafka/wire-error.ts'
import { Writer } from '../../proto/kafka/writer.ts'
import type { Services } from '../services.ts'
import type { Handler, RequestContext } from './handler.ts'

type AnyHandler = Handler<unknown, unknown>
type Context = RequestContext<EnvelopeResponse>

interface Forwarded {
  readonly handler: AnyHandler
  readonly header: RequestHeader
  readonly message: unknown
}

/** `forwardable`: the handlers of what only the active controller can do. */
export function envelopeHandler(forwardable: readonly AnyHandler[]): Handler<EnvelopeRequest, EnvelopeResponse> {
  const byKey = new Map(forwardable.map((handler) => [handler.api.key, handler]))
  const apis = new Map(forwardable.map(({ api }) => [api.key, api]))
  const unpack = (data: Buffer): Forwarded | ErrorCode => {
    const reader = new Reader(data)
    const header = readRequestHeader(reader, apis)
    const handler = byKey.get(header.apiKey)
    if (handler === undefined) return Errors.INVALID_REQUEST
    const { minCodecVersion, maxCodecVersion } = handler.api
    if (header.apiVersion < minCodecVersion || header.apiVersion > maxCodecVersion) return Errors.UNSUPPORTED_VERSION
    return { handler, header, message: handler.api.readRequest(reader, header.apiVersion) }
  }
  return {
    api: Envelope,
    handle(request, context, services) {
      if (!services.cluster.controller.isActive) return refuse(context, Errors.NOT_CONTROLLER)
      let forwarded: Forwarded | ErrorCode
      try {
        forwarded = unpack(request.requestData)
      } catch (error) {
        if (!(error instanceof WireError)) throw error
        return refuse(context, Errors.INVALID_REQUEST)
      }
      if (typeof forwarded === 'number') refuse(context, forwarded)
      else answer(forwarded, request.forwardedBy, context, services)
    },
  }
}

function refuse(context: Context, errorCode: ErrorCode): void {
  context.reply({ responseData: null, errorCode, metadataOffset: -1 })
}

function answer({ handler, header, message }: Forwarded, from: number, context: Context, services: Services): void {
  const { controller } = services.cluster
  const { epoch } = controller
  const inner: RequestContext<unknown> = {
    apiVersion: header.apiVersion,
    correlationId: header.correlationId,
    clientId: header.clientId,
    clientHost: context.clientHost,
    listener: context.listener,
    reply(response) {
      // What was under way when this node stopped being the controller may have been refused for that.
      if (!controller.isActive || controller.epoch !== epoch) return refuse(context, Errors.NOT_CONTROLLER)
      const writer = new Writer()
      writeResponseHeader(writer, handler.api, header.apiVersion, header.correlationId)
      handler.api.writeResponse(writer, response, header.apiVersion)
      const metadataOffset = controller.appliedOffset
      context.reply({ responseData: writer.toBuffer(), errorCode: Errors.NONE, metadataOffset })
    },
    noReply: () => refuse(context, Errors.INVALID_REQUEST),
    close: () => refuse(context, Errors.INVALID_REQUEST),
    get closed() {
      return context.closed
    },
  }
  // To the request, `this broker` is the one that was asked.
  handler.handle(message, inner, { ...services, nodeId: from, controller: controller.requests })
}
