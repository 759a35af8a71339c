import { Errors } from '../../proto/kafka/errors.ts'
import { ApiVersions } from '../../proto/kafka/generated/apis.ts'
import type { ApiVersionsResponse } from '../../proto/kafka/generated/18-api-versions.ts'
import { Reader } from '../../proto/kafka/reader.ts'
import { KafkaError } from '../errors.ts'
import { SOFTWARE_NAME, SOFTWARE_VERSION } from '../version.ts'
import type { Connection, VersionRange } from './connection.ts'

/** The version asked first: all brokers since 2.4 have it. Older ones answer which they have (W2). */
const FIRST_VERSION = 3

/** Correlation id before the body: the header of this answer is always version 0 (W1). */
const HEADER_BYTES = 4

/** Asks the broker what it supports and notes it in the connection. */
export async function negotiate(connection: Connection, timeoutMs: number): Promise<void> {
  let answer = await ask(connection, FIRST_VERSION, timeoutMs)
  if (answer.errorCode === Errors.UNSUPPORTED_VERSION) {
    const offered = answer.apiKeys.find(({ apiKey }) => apiKey === ApiVersions.key)?.maxVersion ?? 0
    answer = await ask(connection, Math.min(offered, FIRST_VERSION - 1), timeoutMs)
  }
  if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode, `ApiVersions at ${connection.name}`)
  connection.versions = new Map<number, VersionRange>(
    answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]),
  )
}

function ask(connection: Connection, version: number, timeoutMs: number): Promise<ApiVersionsResponse> {
  const request = { clientSoftwareName: SOFTWARE_NAME, clientSoftwareVersion: SOFTWARE_VERSION }
  return connection.exchange(ApiVersions, request, version, timeoutMs, (frame) => {
    const refused = new Reader(frame, HEADER_BYTES).int16() === Errors.UNSUPPORTED_VERSION
    return ApiVersions.readResponse(new Reader(frame, HEADER_BYTES), refused ? 0 : version)
  })
}
