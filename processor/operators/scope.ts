import { SerdeError } from '../../client/errors.ts'
import { messageOf, ProcessorError, type ProcessorErrorCode } from '../errors.ts'
import { EncodeFailure, type ErrorPolicy, type Failure } from '../failure.ts'
import type { OutputRecord, RecordHeader } from '../record.ts'
import { Cursor } from './cursor.ts'

/** Takes a value; everything else about the record is in the cursor. */
export type Push = (value: unknown) => void

const CODES: Readonly<Record<Failure['stage'], ProcessorErrorCode>> = {
  decode: 'PROCESSOR_DECODE_FAILED',
  process: 'PROCESSOR_PROCESSING_FAILED',
  encode: 'PROCESSOR_ENCODE_FAILED',
  model: 'PROCESSOR_MODEL_FAILED',
}

const REASONS: Readonly<Record<Failure['stage'], string>> = {
  decode: 'decode-failed',
  process: 'processing-failed',
  encode: 'encode-failed',
  model: 'model-failed',
}

export interface ScopeOptions {
  readonly onError: ErrorPolicy
  readonly deadLetters: string | undefined
  /** Names of nodes by id. */
  readonly names: readonly string[]
}

/** What the operators of one task share: the cursor, the outputs, the clock as it was told, what was dropped. */
export class Scope {
  readonly cursor = new Cursor()
  nowMs = 0
  recordsOut = 0
  /** Operator name to reason to records. */
  readonly dropped = new Map<string, Map<string, number>>()
  readonly #options: ScopeOptions
  #outputs: OutputRecord[] = []

  constructor(options: ScopeOptions) {
    this.#options = options
  }

  emit(output: OutputRecord): void {
    this.recordsOut++
    this.#outputs.push(output)
  }

  takeOutputs(): OutputRecord[] {
    const taken = this.#outputs
    this.#outputs = []
    return taken
  }

  nameOf(node: number): string {
    return this.#options.names[node] ?? `node ${node}`
  }

  /** A record ends here without a result. */
  drop(node: number, reason: string): void {
    const name = this.nameOf(node)
    const reasons = this.dropped.get(name) ?? new Map<string, number>()
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    this.dropped.set(name, reasons)
  }

  /** Something threw at the cursor: by the app's policy throws on, or counts it and sends the input to the dead letters. */
  failed(thrown: unknown): void {
    if (thrown instanceof ProcessorError) throw thrown
    const stage = thrown instanceof EncodeFailure ? 'encode' : thrown instanceof SerdeError ? 'decode' : 'process'
    this.failedAt(stage, thrown instanceof EncodeFailure ? thrown.cause : thrown)
  }

  failedAt(stage: Failure['stage'], error: unknown): void {
    const { topic, partition, offset, node } = this.cursor
    const operator = this.nameOf(node)
    const place = { topic, partition, offset, operator }
    const { onError } = this.#options
    const verdict = typeof onError === 'function' ? onError({ ...place, stage, error }) : onError
    if (verdict !== 'skip') {
      const text = `${operator}: ${messageOf(error)} (${topic}-${partition} at offset ${offset})`
      throw new ProcessorError(CODES[stage], text, { cause: error, place })
    }
    this.drop(node, REASONS[stage])
    this.#deadLetter(REASONS[stage], operator, error)
  }

  #deadLetter(reason: string, operator: string, error: unknown): void {
    const { record, topic, partition, offset } = this.cursor
    const { deadLetters } = this.#options
    if (deadLetters === undefined || record === undefined) return
    this.emit({
      topic: deadLetters,
      partition: undefined,
      key: record.keyBytes,
      value: record.valueBytes,
      timestamp: record.timestamp,
      headers: [
        ...record.headers,
        header('millrace.reason', reason),
        header('millrace.operator', operator),
        header('millrace.error', messageOf(error)),
        header('millrace.source', `${topic}-${partition}@${offset}`),
      ],
    })
  }
}

/** A header of text. */
export function header(key: string, text: string): RecordHeader {
  return { key, value: Buffer.from(text, 'utf8') }
}
