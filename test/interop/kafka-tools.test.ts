/** Apache Kafka's own tools and broker on what Millrace wrote: DumpLogSegments has no complaint, and Kafka serves our segments. */
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client, string, topic } from '../../client/index.ts'
import { hasCommand } from '../support/has-command.ts'
import { finish, type Finished, millrace, scratch, startMillrace } from '../support/millrace-process.ts'

const rigScript = join(import.meta.dirname, '..', 'oracle', 'rig')
const installed = join(process.env.RIG_HOME ?? join(homedir(), '.cache', 'kafka-rig'), 'libs')
const canRun =
  hasCommand('java') && existsSync(installed) && readdirSync(installed).some((jar) => jar.startsWith('kafka_2.13'))
const WAIT = 240_000

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const Rows = topic('rows', { key: string, value: string })

interface Row {
  readonly offset: number
  readonly timestamp: number
  readonly key: string
  readonly value: string
  readonly header: string
}

/** Values that no codec makes much smaller, so that a few thousand of them fill several segments. */
function valueOf(index: number): string {
  let state = (index + 1) * 2_654_435_761
  let text = `${index}:`
  while (text.length < 600) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += state.toString(36)
  }
  return text
}

/** Writes the same records again: 1,500 with each codec, with headers, by idempotent producers, in small segments. */
async function writeRows(bootstrap: string, first: number): Promise<Row[]> {
  await using client = new Client({ brokers: bootstrap })
  if (first === 0) {
    const configs = { 'segment.bytes': '1048576' }
    await client.admin().createTopics([{ name: 'rows', partitions: 1, configs }])
  }
  const rows: Row[] = []
  for (const compression of codecs) {
    await using producer = client.producer({ compression, batchBytes: 16_384 })
    for (let count = 0; count < 50; count++) {
      const batch = Array.from({ length: 30 }, (_, i) => {
        const index = first + rows.length + i
        return {
          key: `key-${index % 97}`,
          value: valueOf(index),
          timestamp: 1_700_000_000_000 + index * 10,
          header: `${compression} ${index}`,
        }
      })
      const sent = await producer.send(
        Rows,
        batch.map(({ header, ...record }) => ({ ...record, headers: { from: header } })),
      )
      rows.push(...batch.map((row, i) => ({ ...row, offset: sent[i].offset })))
    }
  }
  return rows
}

/** One line of DumpLogSegments for a batch, or of our dump, as the same words. */
function kafkaBatches(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('baseOffset:'))
    .map((line) => {
      const field = (name: string) => new RegExp(`\\b${name}: (\\S+)`).exec(line)?.[1] ?? '?'
      const names = ['baseOffset', 'lastOffset', 'count', 'baseSequence', 'producerId', 'producerEpoch']
      const more = ['partitionLeaderEpoch', 'position', 'size', 'compresscodec', 'crc', 'CreateTime', 'isvalid']
      return [...names, ...more].map(field).join(' ')
    })
}

function ourBatches(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line.includes('"type":"batch"'))
    .map((line) => {
      const it = JSON.parse(line) as Record<string, number | string | boolean>
      const { baseOffset, lastOffset, recordsCount, baseSequence, producerId, producerEpoch, leaderEpoch } = it
      const { position, sizeBytes, codec, crc, maxTimestamp, crcOk } = it
      const front = [baseOffset, lastOffset, recordsCount, baseSequence, producerId, producerEpoch, leaderEpoch]
      return [...front, position, sizeBytes, codec, Number(crc), maxTimestamp, crcOk].join(' ')
    })
}

/**
 * The tool begins each file after offset -1, and so calls the first batch of every later segment non-consecutive, of Kafka's
 * own files too. Any other pair stays.
 */
function withoutFirsts(stderr: string): string {
  const rest = stderr.replace(/^ *-1 is followed by \d+\n/gm, '')
  return rest.includes('is followed by') ? rest : rest.replace(/^Non-consecutive offsets in .*\n/gm, '')
}

const complaints = /mismatch|Mismatch|out of order|isvalid: false|Found |Exception|WARN|ERROR|corrupt/

async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await new Promise((resolve) => server.close(resolve))
    // The rig takes the next one for the controller.
    if (port < 65_000) return port
  }
}

describe.skipIf(!canRun)("Kafka's own tools (skipped where no JDK is, or the rig has not fetched Kafka's jars)", () => {
  const directory = scratch()
  const home = join(directory.path, 'rig')
  const data = join(directory.path, 'data')
  const partition = join(data, 'rows-0')
  const rig = (...args: string[]): Promise<Finished> =>
    finish('bash', [rigScript, ...args], { env: { RIG_HOME: home, RIG_HEAP: '512M' } })
  let rows: Row[] = []

  beforeAll(async () => {
    mkdirSync(home)
    symlinkSync(installed, join(home, 'libs'))
    writeFileSync(join(home, 'log4j2.yaml'), LOGGING)
    writeFileSync(join(home, '.done'), '')
    await using broker = await startMillrace(['--data-dir', data])
    rows = await writeRows(broker.bootstrap, 0)
    expect(await broker.kill('SIGTERM')).toBe(0)
  }, WAIT)
  afterAll(async () => {
    await rig('stop')
    directory[Symbol.dispose]()
  }, WAIT)

  /** The partition's files with these endings, as DumpLogSegments takes them. */
  const files = (pattern: RegExp) =>
    readdirSync(partition)
      .filter((name) => pattern.test(name))
      .map((name) => join(partition, name))

  async function dumpSegments(pattern: RegExp, ...flags: string[]): Promise<string> {
    const dumped = await rig('tool', 'tools.DumpLogSegments', '--files', files(pattern).join(','), ...flags)
    expect({ code: dumped.code, stderr: withoutFirsts(dumped.stderr) }).toEqual({ code: 0, stderr: '' })
    expect(dumped.stdout.split('\n').filter((line) => complaints.test(line))).toEqual([])
    return dumped.stdout
  }

  async function judge(): Promise<void> {
    expect(files(/\.log$/).length).toBeGreaterThan(3)
    const theirs = kafkaBatches(await dumpSegments(/\.log$/, '--deep-iteration', '--print-data-log'))
    const ours = await millrace(['log', 'dump', '--json', partition])
    expect({ code: ours.code, stderr: ours.stderr }).toEqual({ code: 0, stderr: '' })
    expect(theirs.length).toBeGreaterThan(200)
    expect(ourBatches(ours.stdout)).toEqual(theirs)
    await dumpSegments(/\.(index|timeindex)$/, '--index-sanity-check')
    await dumpSegments(/\.(index|timeindex)$/, '--verify-index-only')
    await dumpSegments(/\.(index|timeindex|txnindex|snapshot)$/)
  }

  it(
    'DumpLogSegments reads a cleanly stopped log, deeply and with its indexes, and finds the batches that our dump finds',
    async () => {
      await judge()
    },
    WAIT,
  )

  it(
    'a Kafka broker serves the same records from our segments',
    async () => {
      const port = await freePort()
      expect((await rig('start', '1', String(port))).stdout).toMatch(/^ready /)
      const bootstrap = `127.0.0.1:${port}`
      const create = [
        '--bootstrap-server',
        bootstrap,
        '--create',
        '--topic',
        'rows',
        '--config',
        'segment.bytes=1048576',
      ]
      expect(await rig('tool', 'tools.TopicCommand', ...create)).toMatchObject({ code: 0 })
      await stopKafka()
      const theirs = join(home, 'run', '0', 'data', 'rows-0')
      expect(existsSync(join(home, 'run', '0', 'data', '.kafka_cleanshutdown'))).toBe(true)
      for (const name of readdirSync(partition)) {
        if (name !== 'partition.metadata') cpSync(join(partition, name), join(theirs, name))
      }
      expect(await rig('restart', '0')).toMatchObject({ code: 0 })
      const consumed = await consume(bootstrap)
      const wanted = rows.map(({ timestamp, offset, header, key, value }) =>
        [`CreateTime:${timestamp}`, `Offset:${offset}`, `from:${header}`, key, value].join('\t'),
      )
      expect(consumed.length).toBe(wanted.length)
      expect(consumed.find((line, i) => line !== wanted[i])).toBeUndefined()
    },
    WAIT,
  )

  async function stopKafka(): Promise<void> {
    const pid = Number((await rig('pids')).stdout.trim())
    process.kill(pid, 'SIGTERM')
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 100))
  }

  async function consume(bootstrap: string): Promise<string[]> {
    const shown = ['timestamp', 'offset', 'headers', 'key'].flatMap((name) => [
      '--formatter-property',
      `print.${name}=true`,
    ])
    const range = ['--partition', '0', '--offset', 'earliest', '--max-messages', String(rows.length)]
    const args = ['--bootstrap-server', bootstrap, '--topic', 'rows', '--timeout-ms', '60000', ...range, ...shown]
    const consumed = await rig('tool', 'tools.consumer.ConsoleConsumer', ...args)
    expect(consumed.code).toBe(0)
    return consumed.stdout.split('\n').filter((line) => line !== '')
  }

  it(
    'DumpLogSegments reads the log after kill -9 and another start',
    async () => {
      {
        await using broker = await startMillrace(['--data-dir', data])
        await writeRows(broker.bootstrap, rows.length)
        await broker.kill('SIGKILL')
      }
      await judge()
      {
        await using broker = await startMillrace(['--data-dir', data])
        expect(await broker.kill('SIGTERM')).toBe(0)
      }
      await judge()
      const verified = await millrace(['log', 'verify', '--deep', data])
      expect(verified).toMatchObject({ code: 0, stderr: '' })
      expect(verified.stdout).toContain(' 0 errors, 0 warnings')
    },
    WAIT,
  )
})

/** As the rig writes it: only warnings, to stderr. */
const LOGGING = `Configuration:
  Appenders: { Console: { name: out, target: SYSTEM_ERR, PatternLayout: { pattern: "%d %p %c{1} %m%n" } } }
  Loggers: { Root: { level: "\${sys:rig.log:-WARN}", AppenderRef: { ref: out } } }
`

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
