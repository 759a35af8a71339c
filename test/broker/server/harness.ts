/** A KafkaServer on a real socket with handlers that a test controls: the pipeline without a broker behind it. */
import { defaultConfig } from '../../../broker/config.ts'
import type { Api } from '../../../proto/kafka/api.ts'
import { ApiVersions } from '../../../proto/kafka/generated/apis.ts'
import { apiVersionsHandler } from '../../../broker/handlers/18-api-versions.ts'
import type { Handler, RequestContext } from '../../../broker/handlers/handler.ts'
import { MetricsRegistry } from '../../../broker/metrics.ts'
import { nodeClock } from '../../../broker/ports/node-clock.ts'
import { nodeNetwork } from '../../../broker/ports/node-network.ts'
import { Turn } from '../../../broker/replication/turn.ts'
import { KafkaServer, serverLimits, type ServerLimits } from '../../../broker/server/server.ts'
import type { Logger, Services } from '../../../broker/services.ts'

/** Request: text; response: a string and so many bytes after it. Key 1000, versions 0 and 1. */
export interface Note {
  text: string
  payload: Buffer
}

function api(key: number, name: string): Api<Note, Note> {
  const note: Api<Note, Note> = {
    key,
    name,
    minVersion: 0,
    maxVersion: 1,
    minCodecVersion: 0,
    maxCodecVersion: 1,
    flexibleFrom: 32768,
    readRequest: (reader) => ({ text: reader.string(), payload: reader.bytes() }),
    writeRequest: (writer, message) => {
      writer.string(message.text)
      writer.bytes(message.payload)
    },
    readResponse: (reader) => ({ text: reader.string(), payload: reader.bytes() }),
    writeResponse: (writer, message) => {
      writer.string(message.text)
      writer.bytes(message.payload)
    },
  }
  return note
}

export const Echo = api(1000, 'Echo')
/** Answered when the test says so. */
export const Park = api(1001, 'Park')
/** As Park, but each request sets reply bytes aside. */
export const Reserve = api(1002, 'Reserve')
export { ApiVersions }

export interface LogLine {
  readonly level: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

export interface Harness extends AsyncDisposable {
  readonly server: KafkaServer
  readonly bootstrap: string
  readonly metrics: MetricsRegistry
  readonly logs: LogLine[]
  /** Parked requests, in the order in which they were taken up. */
  readonly parked: { readonly text: string; readonly context: RequestContext<Note> }[]
  /** Requests that Echo answered. */
  echoed: number
  closedFor(reason: string): number
}

function collectLogs(logs: LogLine[]): Logger {
  const at = (level: string) => (fields: object, message: string) => {
    logs.push({ level, fields: fields as Record<string, unknown>, message })
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export async function startHarness(limits: Partial<ServerLimits> = {}): Promise<Harness> {
  const metrics = new MetricsRegistry()
  const logs: LogLine[] = []
  const logger = collectLogs(logs)
  const turn = new Turn(nodeClock)
  const parked: Harness['parked'] = []
  const park = (note: Api<Note, Note>, replyReserveBytes: number): Handler<Note, Note> => ({
    api: note,
    replyReserveBytes,
    handle: (request, context) => {
      parked.push({ text: request.text, context })
    },
  })
  const echo: Handler<Note, Note> = {
    api: Echo,
    handle: (request, context) => {
      if (request.text === 'throw') throw new Error('a broken handler')
      if (request.text === 'refuse') context.close('no field for this error')
      else if (request.text === 'silent') context.noReply()
      else context.reply(request)
      harness.echoed += 1
    },
  }
  const handlers = [echo, park(Park, 0), park(Reserve, 1024 * 1024)] as Handler<unknown, unknown>[]
  const server = new KafkaServer({
    network: nodeNetwork,
    clock: nodeClock,
    turn,
    metrics,
    logger,
    handlers: [...handlers, apiVersionsHandler(handlers) as Handler<unknown, unknown>],
    limits: {
      ...serverLimits({ requestBytesMax: 100 * 1024 * 1024, idleTimeoutMs: 600_000, connectionsMax: 1000 }),
      ...limits,
    },
  })
  const port = await server.listen(['127.0.0.1'], 0)
  server.serve(`127.0.0.1:${port}`, {
    metrics,
    logger,
    clock: nodeClock,
    metadata: { features: () => new Map() },
    config: defaultConfig(),
    cluster: { controller: { appliedOffset: 0 } },
  } as unknown as Services)
  const harness: Harness = {
    server,
    bootstrap: `127.0.0.1:${port}`,
    metrics,
    logs,
    parked,
    echoed: 0,
    closedFor: (reason) =>
      metrics.counter('millrace_connections_closed_total', 'Connections closed by the broker, by reason.', { reason })
        .value,
    [Symbol.asyncDispose]: () => server.kill(),
  }
  return harness
}

/** Polls until `test` holds; the test's own timeout bounds it. */
export async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 2))
}
