import {
  HTTP_BODY_BYTES_IN_FLIGHT_MAX,
  HTTP_BODY_BYTES_MAX,
  HTTP_CONNECTIONS_MAX,
  HTTP_DRAIN_TIMEOUT_MS,
  HTTP_REQUESTS_IN_FLIGHT_MAX,
  HTTP_SILENCE_TIMEOUT_MS,
  HTTP_WAITING_MAX,
} from '../limits.ts'

/** The ceilings of the HTTP door that tests make smaller. */
export interface HttpLimits {
  readonly bodyBytesMax: number
  readonly bodyBytesInFlightMax: number
  readonly requestsInFlightMax: number
  /** Long polls and event streams. */
  readonly waitingMax: number
  readonly connectionsMax: number
  readonly silenceTimeoutMs: number
  readonly drainTimeoutMs: number
}

export const httpLimits: HttpLimits = {
  bodyBytesMax: HTTP_BODY_BYTES_MAX,
  bodyBytesInFlightMax: HTTP_BODY_BYTES_IN_FLIGHT_MAX,
  requestsInFlightMax: HTTP_REQUESTS_IN_FLIGHT_MAX,
  waitingMax: HTTP_WAITING_MAX,
  connectionsMax: HTTP_CONNECTIONS_MAX,
  silenceTimeoutMs: HTTP_SILENCE_TIMEOUT_MS,
  drainTimeoutMs: HTTP_DRAIN_TIMEOUT_MS,
}
