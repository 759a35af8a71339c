/**
 * A topic as server-sent events: one fetch over all its partitions at a time, and the next one only when the reader has
 * taken what came, so that a slow reader costs no memory and a log that runs away from it shows as a gap, never as silence.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Errors } from '../../proto/kafka/errors.ts'
import type { PartitionData } from '../../proto/kafka/generated/01-fetch.ts'
import {
  HTTP_EVENT_BATCH_RECORDS_MAX,
  HTTP_EVENT_ID_PARTITIONS_MAX,
  HTTP_EVENT_PARTITIONS_MAX,
  HTTP_EVENT_WAIT_MS,
  HTTP_REPLY_TEXT_MAX,
} from '../limits.ts'
import type { HttpContext } from './context.ts'
import { httpProblem, kafkaProblem, ProblemError } from './problem.ts'
import { fetchPartitions } from './read-gateway.ts'
import { recordTexts } from './record-text.ts'

/** Line breaks between the tokens of a JSON value would end the event's line; inside strings there are none. */
const lineBreaks = /[\r\n]+/g

/** The next offset of each partition, `0:17,1:4`, as an event's id has it. Throws a ProblemError for anything else. */
export function parsePositions(id: string, count: number): Map<number, number> {
  const positions = new Map<number, number>()
  for (const part of id.split(',')) {
    const match = /^(\d{1,10}):(\d{1,16})$/.exec(part)
    const [partition, offset] = [Number(match?.[1]), Number(match?.[2])]
    if (match === null || partition >= count || !Number.isSafeInteger(offset)) {
      throw httpProblem(400, 'Bad Request', 'Last-Event-ID is not one of this topic')
    }
    positions.set(partition, offset)
  }
  return positions
}

export class EventStream {
  readonly #topic: string
  readonly #context: HttpContext
  readonly #signal: AbortSignal
  /** The next offset of each partition. */
  readonly #positions: number[] = []
  /** The partition that is read first; moves on, so that a busy one does not starve the others. */
  #first = 0

  /**
   * Begins at `resume` where that names a partition (what came into being since is read from its start), else at `from`.
   * Throws a ProblemError when the topic cannot be followed.
   */
  constructor(
    topic: string,
    start: { readonly from: 'earliest' | 'latest'; readonly resume: string | undefined },
    context: HttpContext,
    signal: AbortSignal,
  ) {
    this.#topic = topic
    this.#context = context
    this.#signal = signal
    const count = this.#partitionCount()
    if (count > HTTP_EVENT_PARTITIONS_MAX) {
      const detail = `topic ${topic} has ${count} partitions, more than the ${HTTP_EVENT_PARTITIONS_MAX} that one stream follows`
      throw httpProblem(400, 'Bad Request', detail)
    }
    const resumed = start.resume === undefined ? null : parsePositions(start.resume, count)
    for (let partition = 0; partition < count; partition++) {
      const { logStartOffset, highWatermark } = this.#leader(partition)
      const begin = resumed !== null || start.from === 'earliest' ? logStartOffset : highWatermark
      this.#positions.push(resumed?.get(partition) ?? begin)
    }
  }

  /** Sends events until the reader hangs up, the door closes, or something goes wrong, which is the last event then. */
  async run(out: ServerResponse): Promise<void> {
    // A reader that is cut off before its first record must come back to this place.
    out.write(`id: ${this.#id()}\n\n`)
    try {
      for (;;) {
        const text = await this.#next()
        if (!out.write(text)) await once(out, 'drain', { signal: this.#signal })
      }
    } catch (error) {
      if (this.#signal.aborted) return
      if (!(error instanceof ProblemError)) throw error
      out.write(`event: problem\ndata: ${JSON.stringify(error.problem)}\n\n`)
    }
  }

  async #next(): Promise<string> {
    this.#signal.throwIfAborted()
    this.#followNewPartitions()
    const count = this.#positions.length
    const first = this.#first++ % count
    const order = this.#positions.map((_, index) => (first + index) % count)
    const positions = order.map((partition) => ({ partition, offset: this.#positions[partition] ?? 0 }))
    const answers = await fetchPartitions(
      this.#context.dispatch,
      this.#topic,
      positions,
      HTTP_EVENT_WAIT_MS,
      this.#signal,
    )
    let text = ''
    for (const answer of answers) {
      if (text.length < HTTP_REPLY_TEXT_MAX) text += this.#events(answer, HTTP_REPLY_TEXT_MAX - text.length)
    }
    // A comment keeps proxies from closing an idle stream.
    if (text === '') return ': idle\n\n'
    return this.#idOnEach ? text : `${text}id: ${this.#id()}\n\n`
  }

  /** The events that one partition's answer makes. */
  #events(answer: PartitionData, length: number): string {
    const { partitionIndex: partition, errorCode } = answer
    const from = this.#positions[partition] ?? 0
    if (errorCode === Errors.OFFSET_OUT_OF_RANGE) return this.#gap(partition, from)
    if (errorCode !== Errors.NONE) throw kafkaProblem(errorCode, `${this.#topic}-${partition} at offset ${from}`)
    const read = recordTexts(answer, from, { records: HTTP_EVENT_BATCH_RECORDS_MAX, length })
    let text = ''
    for (const record of read.records) {
      this.#positions[partition] = record.offset + 1
      text += this.#event('', record.text.replace(lineBreaks, ' '))
    }
    this.#positions[partition] = read.nextOffset
    return text
  }

  /** Retention was faster than the reader, or the topic was made anew: says what is missing, and goes on at the start. */
  #gap(partition: number, from: number): string {
    const to = this.#leader(partition).logStartOffset
    this.#positions[partition] = to
    return this.#event('event: gap\n', JSON.stringify({ partition, from, to }))
  }

  #event(kind: string, data: string): string {
    return `${kind}${this.#idOnEach ? `id: ${this.#id()}\n` : ''}data: ${data}\n\n`
  }

  get #idOnEach(): boolean {
    return this.#positions.length <= HTTP_EVENT_ID_PARTITIONS_MAX
  }

  #id(): string {
    return this.#positions.map((offset, partition) => `${partition}:${offset}`).join(',')
  }

  #followNewPartitions(): void {
    const count = Math.min(this.#partitionCount(), HTTP_EVENT_PARTITIONS_MAX)
    while (this.#positions.length < count) this.#positions.push(this.#leader(this.#positions.length).logStartOffset)
  }

  #partitionCount(): number {
    const view = this.#context.services.metadata.topic(this.#topic)
    if (view === undefined) throw kafkaProblem(Errors.UNKNOWN_TOPIC_OR_PARTITION, `topic ${this.#topic}`)
    return view.partitions.length
  }

  #leader(partition: number): { readonly logStartOffset: number; readonly highWatermark: number } {
    const led = this.#context.services.partitions.leaderOrError(this.#topic, partition)
    if (led.partition === null) throw kafkaProblem(led.error, `${this.#topic}-${partition}`)
    return led.partition
  }
}
