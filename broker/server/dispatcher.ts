/** Which handler answers a key and version, and the counters of each API. Knows nothing of sockets. */
import type { Handler } from '../handlers/handler.ts'
import type { Counter, Histogram, Labels, Metrics } from '../metrics.ts'

/** One API as it is served. */
export interface ServedApi {
  readonly handler: Handler<unknown, unknown>
  /** The versions that are accepted; W5: Produce advertises more than this. */
  readonly lowest: number
  readonly highest: number
  /** Bytes of reply to set aside while a request is in flight. */
  readonly replyReserveBytes: number
  readonly requests: Counter
  readonly durations: Histogram
}

const DURATION_BUCKETS_MS = [0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000]

export class Dispatcher {
  private readonly byKey: (ServedApi | undefined)[] = []

  /** `listener` tells this listener's requests from those of another. */
  constructor(handlers: readonly Handler<unknown, unknown>[], metrics: Metrics, listener: Labels = {}) {
    for (const handler of handlers) {
      const { api } = handler
      if (this.byKey[api.key] !== undefined) throw new Error(`two handlers for ${api.name}`)
      const labels = { api: api.name, ...listener }
      this.byKey[api.key] = {
        handler,
        lowest: Math.max(handler.minVersion ?? api.minVersion, api.minCodecVersion),
        highest: handler.maxVersion ?? api.maxVersion,
        replyReserveBytes: handler.replyReserveBytes ?? 0,
        requests: metrics.counter('millrace_requests_total', 'Requests received, by API.', labels),
        durations: metrics.histogram(
          'millrace_request_duration_ms',
          'From the arrival of a request to its reply, waiting included.',
          DURATION_BUCKETS_MS,
          labels,
        ),
      }
    }
  }

  find(key: number): ServedApi | undefined {
    return this.byKey[key]
  }
}
