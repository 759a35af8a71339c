/** What is written to a compacted topic of Kafka, and when it is cleaned. Segments end by the records' time. */
import { encodeBatch, type BatchOptions, type RecordInput } from '../../../../proto/kafka/batch/encode.ts'

export type Action =
  | { readonly kind: 'produce'; readonly batch: Buffer; readonly transaction?: string }
  | { readonly kind: 'end'; readonly transaction: string; readonly commit: boolean }
  | { readonly kind: 'wait'; readonly ms: number }

export interface Scenario {
  readonly name: string
  readonly deleteRetentionMs: number
  readonly timestampType?: 'CreateTime' | 'LogAppendTime'
  /** Each is followed by a cleaning. */
  readonly stages: readonly (readonly Action[])[]
}

const DAY_MS = 86_400_000
const START_MS = 1_700_000_000_000
/** Longer than the scenarios' `segment.ms`. */
const SEGMENT_MS = 10_000

/** Batches in segments of their own: each `segment()` begins one with the next batch. */
class Script {
  readonly actions: Action[] = []
  #timeMs: number

  constructor(startMs = START_MS) {
    this.#timeMs = startMs
  }

  segment(): this {
    this.#timeMs += SEGMENT_MS
    return this
  }

  /** `text` is `key=value key key=...`: without `=` a tombstone. */
  batch(text: string, options: BatchOptions & { transaction?: string } = {}): this {
    const { transaction, ...rest } = options
    const records: RecordInput[] = text.split(' ').map((entry, i) => {
      const [key = '', value = null] = entry.split('=')
      const headers = key.startsWith('h') ? [{ key: 'header', value: key }] : []
      return { key, value, headers, timestamp: this.#timeMs + i * 7 }
    })
    const isTransactional = transaction !== undefined
    const batch = encodeBatch(records, { ...rest, isTransactional })
    this.actions.push({ kind: 'produce', batch, ...(isTransactional ? { transaction } : {}) })
    return this
  }

  end(transaction: string, commit: boolean): this {
    this.actions.push({ kind: 'end', transaction, commit })
    return this
  }

  wait(ms: number): this {
    this.actions.push({ kind: 'wait', ms })
    return this
  }

  /** What came since the last stage, and a batch in a segment that stays active. */
  stage(): readonly Action[] {
    this.segment().batch(`active=${this.actions.length}`)
    return this.actions.splice(0)
  }
}

function updates(): Scenario {
  const script = new Script()
  script.segment().batch('a=1 b=1 h1=1 c=1').batch('a=2 =empty').batch('gone=1').batch('a=3 d=1 h1=2')
  script.segment().batch('b=2 gone=2').batch('e=1').batch('e=2').batch('e=3 c=')
  script.segment().batch('gone=3 h1=3').batch('d=2 =again')
  const first = script.stage()
  script.segment().batch('a=4 f=1').batch('c=2')
  return { name: 'updates', deleteRetentionMs: DAY_MS, stages: [first, script.stage()] }
}

function compressed(): Scenario {
  const script = new Script()
  for (const codec of [1, 2, 3, 4]) {
    const many = Array.from({ length: 30 }, (_, i) => `${codec}k${i}=${'value'.repeat(i % 5)}${i}`).join(' ')
    script.segment().batch(many, { codec }).batch(`a=${codec} h${codec}=1 only${codec}=1`, { codec })
  }
  script
    .segment()
    .batch('1k3=x 2k3=x 3k3=x 4k3=x 1k29=y 2k0=y 3k7 4k8', { codec: 3 })
    .batch('only2 only4=2', { codec: 1 })
  return { name: 'compressed', deleteRetentionMs: DAY_MS, stages: [script.stage()] }
}

function tombstones(name: string, deleteRetentionMs: number): Scenario {
  const script = new Script()
  script.segment().batch('a=1 b=1 c=1').batch('d=1')
  script.segment().batch('a b=2').batch('d', { codec: 1 }).batch('unknown')
  const first = script.stage()
  script.segment().batch('c e=1').batch('b')
  const second = script.wait(50).stage()
  script.segment().batch('e=2')
  return { name, deleteRetentionMs, stages: [first, second, script.wait(50).stage()] }
}

function producers(): Scenario {
  const script = new Script()
  const by = (producerId: number, baseSequence: number) => ({ producerId, producerEpoch: 0, baseSequence })
  script.segment().batch('a=1 b=1', by(7001, 0)).batch('a=2 b=2 c=1', by(7001, 2)).batch('x=1', by(7002, 0))
  script
    .segment()
    .batch('a=3 b=3 c=2')
    .batch('x=2', by(7002, 1))
    .batch('y=1', { ...by(7003, 0), codec: 1 })
  script.segment().batch('x=3 y=2 z=1')
  const first = script.stage()
  script.segment().batch('p=1 q=1', by(7001, 5)).batch('p=2 q=2')
  return { name: 'producers', deleteRetentionMs: DAY_MS, stages: [first, script.stage()] }
}

function transactions(name: string, deleteRetentionMs: number): Scenario {
  // Markers carry the broker's clock: older than any record, they never end a segment.
  const script = new Script(Date.now() + 60_000)
  const to = (transaction: string, baseSequence: number) => ({ transaction, baseSequence })
  script.segment().batch('a=1 b=1', to('one', 0)).batch('a=no', to('two', 0)).batch('c=1').end('one', true)
  script.segment().batch('b=no d=no', to('two', 1)).end('two', false).batch('d=1', to('one', 2)).end('one', true)
  script.segment().batch('a=no', to('one', 3)).end('one', false).batch('b=2', to('two', 3)).end('two', true)
  script.segment().batch('a=2 c=2').batch('d=2 b=3')
  const first = script.stage()
  script.segment().batch('c=3', to('one', 4)).end('one', true).batch('e=1')
  const second = script.wait(50).stage()
  script.segment().batch('c=4 e=2')
  return { name, deleteRetentionMs, stages: [first, second, script.wait(50).stage()] }
}

function merging(): Scenario {
  const script = new Script()
  for (let i = 0; i < 12; i++) script.segment().batch(`k${i}=1 same=${i}`)
  const first = script.stage()
  for (let i = 0; i < 3; i++) script.segment().batch(`k${i}=2 same=${i}`)
  return { name: 'merging', deleteRetentionMs: DAY_MS, stages: [first, script.stage()] }
}

function appendTime(): Scenario {
  const script = new Script()
  script.batch('a=1 b=1').batch('c=1', { codec: 1 }).wait(1500)
  script.batch('a=2 b').batch('c=2 d=1', { codec: 1 }).wait(1500)
  return { name: 'append-time', deleteRetentionMs: DAY_MS, timestampType: 'LogAppendTime', stages: [script.stage()] }
}

export const scenarios: readonly Scenario[] = [
  updates(),
  compressed(),
  tombstones('tombstones-kept', DAY_MS),
  tombstones('tombstones-removed', 1),
  producers(),
  transactions('transactions-kept', DAY_MS),
  transactions('transactions-removed', 1),
  merging(),
  appendTime(),
]
