/** What another broker speaks: asked once per connection, so that brokers of different releases understand each other. */
import type { Api } from '../../proto/kafka/api.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import { frameRequest } from '../../proto/kafka/frame.ts'
import { ApiVersions } from '../../proto/kafka/generated/apis.ts'
import { Reader } from '../../proto/kafka/reader.ts'

/** Every Millrace has it. */
const ASKED_VERSION = 3

const QUESTION_ID = 0

/** The correlation id before the body: the header of this answer is always version 0 (W1). */
const HEADER_BYTES = 4

export class PeerVersions {
  private readonly ranges: ReadonlyMap<number, { readonly min: number; readonly max: number }>

  constructor(ranges: ReadonlyMap<number, { readonly min: number; readonly max: number }>) {
    this.ranges = ranges
  }

  /** The highest version that both sides have; -1 when there is none. */
  common(api: Pick<Api<unknown, unknown>, 'key' | 'minCodecVersion' | 'maxCodecVersion'>): number {
    const theirs = this.ranges.get(api.key)
    const version = Math.min(api.maxCodecVersion, theirs?.max ?? -1)
    return theirs === undefined || version < Math.max(theirs.min, api.minCodecVersion) ? -1 : version
  }
}

/** The question that a connection begins with, and the exchange that waits for its answer. */
export function askVersions(deadlineMs: number, clientId: string, learnt: (versions: PeerVersions) => void) {
  const question = { clientSoftwareName: 'millrace-broker', clientSoftwareVersion: '1' }
  const frame = frameRequest(ApiVersions, ASKED_VERSION, QUESTION_ID, clientId, question)
  const exchange = {
    api: ApiVersions,
    deadlineMs,
    version: ASKED_VERSION,
    correlationId: QUESTION_ID,
    encode: () => frame,
    receive(answer: Buffer): void {
      const { errorCode, apiKeys } = ApiVersions.readResponse(new Reader(answer, HEADER_BYTES), ASKED_VERSION)
      if (errorCode !== Errors.NONE) throw new Error(`ApiVersions was answered with error ${errorCode}`)
      learnt(
        new PeerVersions(new Map(apiKeys.map((key) => [key.apiKey, { min: key.minVersion, max: key.maxVersion }]))),
      )
    },
    // Whoever waits for the connection is told that it broke.
    fail: () => undefined,
  }
  return { exchange, frame }
}
