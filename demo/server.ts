import type { ServerResponse } from 'node:http'
import fastify, { type FastifyInstance } from 'fastify'
import type { Client } from '../client/client.ts'
import { Board, type BoardEvent } from './page/board.ts'
import { loadPage } from './page/files.ts'
import type { Counts } from './ledger.ts'
import { type ReadingSample, watchDevice } from './page/watch-device.ts'

export interface PageOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  readonly client: Client
  /** Names of the metrics, in the order of a reading's values. */
  readonly metrics: readonly string[]
  /** What the demo itself has counted, for the page to show; all else comes from the cluster. @default not shown */
  readonly counts?: () => Counts
  readonly signal: AbortSignal
}

/** The page while it is served. */
export interface Page extends AsyncDisposable {
  readonly url: string
}

/** Pages that may be connected at a time. */
const MAX_STREAMS = 32
/** A page that reads slower than it is told misses updates from here on, rather than have them kept. */
const MAX_BUFFERED_BYTES = 1 << 20
const READINGS_MS = 200
const COUNTS_MS = 500
/** A device name longer than this is nobody's. */
const MAX_DEVICE_LENGTH = 200

/**
 * Serves the console page and its stream of server-sent events. All it tells but the counts comes from the demo's topics
 * and the admin API.
 */
export async function servePage(options: PageOptions): Promise<Page> {
  const { host, port, client, signal } = options
  const stop = new AbortController()
  const stopped = AbortSignal.any([signal, stop.signal])
  const board = new Board(client, stopped)
  const server = fastify({ forceCloseConnections: true })
  const files = loadPage()
  for (const [path, { type, body }] of files) server.get(path, (_, reply) => reply.type(type).send(body))
  if (!files.has('/')) {
    server.get('/', (_, reply) =>
      reply.code(503).type('text/plain').send('The console was not built: run `npm run build`.\n'),
    )
  }
  addStream(server, board, options, stopped)
  // A page that cannot be fed is no reason to end the demo: it says so itself when nothing comes.
  const running = board.run().catch(() => undefined)
  const address = await server.listen({ host, port })
  return {
    url: address,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await server.close()
      await running
    },
  }
}

function addStream(server: FastifyInstance, board: Board, options: PageOptions, stopped: AbortSignal): void {
  let streams = 0
  server.get<{ Querystring: { device?: string } }>('/demo/events', (request, reply) => {
    if (streams >= MAX_STREAMS) return reply.code(503).send({ error: `more than ${MAX_STREAMS} pages are open` })
    const device = (request.query.device ?? '').slice(0, MAX_DEVICE_LENGTH)
    streams++
    reply.hijack()
    const closed = new AbortController()
    request.raw.on('close', () => {
      streams--
      closed.abort()
    })
    const signal = AbortSignal.any([closed.signal, stopped])
    stream(reply.raw, board, options, device === '' ? board.suggestedDevice : device, signal)
    return reply
  })
}

/** One page's stream: what is known, then what comes; scores and readings of its device alone. */
function stream(
  response: ServerResponse,
  board: Board,
  options: PageOptions,
  device: string,
  signal: AbortSignal,
): void {
  const tell = (kind: string, data: unknown): void => {
    if (response.writableLength > MAX_BUFFERED_BYTES) return
    response.write(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const pass = (event: BoardEvent): void => {
    if (event.kind !== 'scores') return tell(event.kind, event.data)
    const own = event.data.filter((score) => score.device === device)
    if (own.length > 0) tell('scores', own)
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  tell('hello', { device, metrics: options.metrics })
  for (const event of board.snapshot(device)) pass(event)
  const unsubscribe = board.subscribe(pass)
  let readings: ReadingSample[] = []
  const ticker = setInterval(() => {
    if (readings.length > 0) tell('readings', readings)
    readings = []
  }, READINGS_MS)
  const { counts } = options
  const counting = counts === undefined ? undefined : setInterval(() => tell('counts', counts()), COUNTS_MS)
  if (device !== '')
    void watchDevice(options.client, device, signal, (reading) => readings.push(reading)).catch(() => undefined)
  signal.addEventListener('abort', () => {
    clearInterval(ticker)
    clearInterval(counting)
    unsubscribe()
    response.end()
  })
}
