import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command, Option } from 'commander'
import type { Compression } from '../../client/index.ts'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { printJson, progress } from '../output.ts'
import { integer, keyValue } from '../parse.ts'

interface ProduceOptions extends ConnectOptions {
  readonly keySeparator?: string
  readonly partition?: number
  readonly header?: Record<string, string>
  readonly compression: Compression
  readonly acks: string
  readonly file?: string
  readonly json?: boolean
}

async function produce(name: string, options: ProduceOptions): Promise<void> {
  await withClient(options, async (client) => {
    const { string, topic } = await import('../../client/index.ts')
    const target = topic(name, { key: string, value: string })
    const acks = options.acks === 'all' ? -1 : (Number(options.acks) as 0 | 1)
    await using producer = client.producer({ compression: options.compression, acks })
    const input = options.file === undefined ? process.stdin : createReadStream(options.file)
    let records = 0
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const at = options.keySeparator === undefined ? -1 : line.indexOf(options.keySeparator)
      const value = at < 0 ? line : line.slice(at + (options.keySeparator ?? '').length)
      const full = producer.write(target, {
        key: at < 0 ? null : line.slice(0, at),
        value,
        headers: options.header,
        partition: options.partition,
      })
      records++
      if (full !== undefined) await full
    }
    await producer.flush()
    if (options.json) printJson({ topic: name, records })
    else progress(`${records} records acknowledged`)
  })
}

export function produceCommand(): Command {
  return new Command('produce')
    .description('send lines of standard input (or a file) to a topic')
    .argument('<topic>')
    .addOption(bootstrapOption())
    .option('-k, --key-separator <text>', 'split each line into key and value at the first <text>')
    .option('-p, --partition <n>', 'partition to write to', integer(0, 100_000))
    .option('-H, --header <name=value>', 'header of every record (repeatable)', keyValue)
    .addOption(
      new Option('-z, --compression <codec>', 'codec')
        .choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        .default('none'),
    )
    .addOption(new Option('-a, --acks <acks>', 'who must have the record').choices(['all', '1', '0']).default('all'))
    .option('-f, --file <path>', 'read lines from a file')
    .option('--json', 'print a JSON summary')
    .action(produce)
}
