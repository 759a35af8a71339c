import { Command, Option } from 'commander'
import type { Consumer, ConsumerRecord, Topic } from '../../client/index.ts'
import { bootstrapOption, type ConnectOptions, interruptSignal, withClient } from '../connect.ts'
import { integer } from '../parse.ts'

interface ConsumeOptions extends ConnectOptions {
  readonly group?: string
  readonly from: 'earliest' | 'latest'
  readonly partition?: number
  readonly offset?: number
  readonly max?: number
  readonly exit?: boolean
  readonly keySeparator?: string
  readonly json?: boolean
}

/** A value as JSON can carry it: text where the bytes are UTF-8, else base64. */
function shown(value: Buffer | null): unknown {
  if (value === null) return null
  const text = value.toString('utf8')
  return Buffer.byteLength(text) === value.length && !text.includes('\ufffd')
    ? text
    : { base64: value.toString('base64') }
}

function print(record: ConsumerRecord, options: ConsumeOptions): boolean {
  if (options.json) {
    const { topic, partition, offset, timestamp } = record
    const headers = record.headers.map((header) => [header.key, shown(header.value)])
    return process.stdout.write(
      `${JSON.stringify({ topic, partition, offset, timestamp, key: shown(record.keyBytes), value: shown(record.valueBytes), headers })}\n`,
    )
  }
  if (options.keySeparator !== undefined) {
    process.stdout.write(record.keyBytes ?? '')
    process.stdout.write(options.keySeparator)
  }
  process.stdout.write(record.valueBytes ?? '')
  return process.stdout.write('\n')
}

/** Prints until the end; `next` gets the offset after the last record printed of each partition, for the commit. */
async function loop(
  consumer: Consumer<Topic>,
  ends: ReadonlyMap<number, number> | null,
  next: Map<number, number>,
  options: ConsumeOptions,
): Promise<void> {
  const signal = interruptSignal()
  const open = new Map([...(ends ?? [])].filter(([, end]) => end > 0))
  if (ends !== null && open.size === 0) return
  let seen = 0
  for await (const record of consumer.records({ signal })) {
    const flowing = print(record, options)
    next.set(record.partition, record.offset + 1)
    seen++
    if (!flowing) await new Promise<void>((resolve) => process.stdout.once('drain', () => resolve()))
    if (options.max !== undefined && seen >= options.max) return
    if (record.offset + 1 >= (open.get(record.partition) ?? Number.POSITIVE_INFINITY)) open.delete(record.partition)
    if (ends !== null && open.size === 0) return
  }
}

async function consume(name: string, options: ConsumeOptions): Promise<void> {
  await withClient(options, async (client) => {
    const { bytes, topic } = await import('../../client/index.ts')
    const source: Topic = topic(name, { key: bytes, value: bytes })
    const admin = client.admin()
    const [description] = await admin.describeTopics([name])
    const all = (description?.partitions ?? []).map((entry) => ({ topic: name, partition: entry.partition }))
    const chosen = options.partition === undefined ? all : all.filter((entry) => entry.partition === options.partition)
    const reset = options.offset === undefined ? options.from : 'earliest'
    const first = new Map((await admin.listOffsets(chosen, reset)).map((entry) => [entry.partition, entry.offset]))
    const assigned = chosen.map((entry) => ({ ...entry, offset: options.offset ?? first.get(entry.partition) ?? 0 }))
    const ends = options.exit
      ? new Map(
          (await admin.listOffsets(chosen, 'latest')).map((end) => [
            end.partition,
            end.offset > (first.get(end.partition) ?? 0) ? end.offset : 0,
          ]),
        )
      : null
    await using consumer =
      options.group === undefined
        ? client.consumer({ topics: [source], assign: assigned })
        : client.consumer({ topics: [source], group: options.group, offsetReset: options.from })
    const next = new Map<number, number>()
    await loop(consumer, ends, next, options).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'CLIENT_ABORTED') throw error
    })
    if (options.group !== undefined)
      await consumer.commit([...next].map(([partition, offset]) => ({ topic: name, partition, offset })))
  })
}

export function consumeCommand(): Command {
  return new Command('consume')
    .description('print the records of a topic')
    .argument('<topic>')
    .addOption(bootstrapOption())
    .option('-g, --group <id>', 'read as a member of a consumer group and commit')
    .addOption(
      new Option('--from <where>', 'where to begin without a committed offset')
        .choices(['earliest', 'latest'])
        .default('earliest'),
    )
    .option('-p, --partition <n>', 'this partition only', integer(0, 100_000))
    .option('-o, --offset <n>', 'begin at this offset', integer(0))
    .option('-n, --max <n>', 'stop after this many records', integer(1))
    .option('-e, --exit', 'stop at the end of the topic as it is now')
    .option('-k, --key-separator <text>', 'print the key and <text> before each value')
    .option('--json', 'one JSON object a line, with partition, offset, timestamp, key and headers')
    .action(consume)
}
