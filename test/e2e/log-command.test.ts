/** `millrace log` as people use it: on directories that a broker wrote, with data on stdout and exit codes. */
import { cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client, string, topic } from '../../client/index.ts'
import { type Finished, millrace, scratch, startMillrace } from '../support/millrace-process.ts'

const Orders = topic('orders', { key: string, value: string })
const oneLine = /^millrace: [^\n]+\n$/
const WAIT = 60_000
const LOG = '00000000000000000000.log'

/** Every file below a directory with its bytes and time of change. */
function snapshot(directory: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name)
    if (statSync(path).isFile()) found.set(name, `${statSync(path).mtimeMs} ${readFileSync(path, 'base64')}`)
  }
  return found
}

describe('millrace log', () => {
  const directory = scratch()
  const pristine = join(directory.path, 'data')
  let copies = 0

  beforeAll(async () => {
    await using broker = await startMillrace(['--data-dir', pristine])
    await using client = new Client({ brokers: broker.bootstrap })
    await using producer = client.producer({ compression: 'gzip' })
    for (let i = 0; i < 20; i++) {
      await producer.send(Orders, [{ key: `k${i}`, value: `value ${i}`, headers: { trace: `t${i}` } }])
    }
    await using consumer = client.consumer({ group: 'readers', topics: [Orders] })
    let seen = 0
    for await (const record of consumer.records()) if (record.offset >= 0 && ++seen === 20) break
    await consumer.commit()
    await consumer.close()
    await producer.close()
    await client.close()
    expect(await broker.kill('SIGTERM')).toBe(0)
  }, WAIT)
  afterAll(() => directory[Symbol.dispose]())

  function copy(): string {
    const path = join(directory.path, `copy-${copies++}`)
    cpSync(pristine, path, { recursive: true, preserveTimestamps: true })
    return path
  }

  /** A byte in the middle of the log of orders-0 changed: below the durable end. */
  function damagedCopy(): string {
    const data = copy()
    const path = join(data, 'orders-0', LOG)
    const bytes = readFileSync(path)
    // In the records of a batch in the middle, found by its size: batches of one record differ by a digit at most.
    bytes[bytes.indexOf(Buffer.from([0x1f, 0x8b]), bytes.length / 2) + 12] ^= 0x10
    writeFileSync(path, bytes)
    return data
  }

  describe('verify', () => {
    it('accepts what a broker wrote, changes nothing, and exits with 0', async () => {
      const before = snapshot(pristine)
      const verified = await millrace(['log', 'verify', '--deep', pristine])
      expect(verified).toMatchObject({ code: 0, stderr: '' })
      expect(verified.stdout).toMatch(/: 0 errors, 0 warnings, 0 notes\n$/)
      expect(snapshot(pristine)).toEqual(before)
    })

    it('names file, byte, fault and remedy of damage, and exits with 1', async () => {
      const data = damagedCopy()
      const verified = await millrace(['log', 'verify', data])
      expect(verified).toMatchObject({ code: 1, stderr: '' })
      expect(verified.stdout).toMatch(
        /^error {4}\S+orders-0\/0+\.log at byte \d+: the batch fails its CRC .* offsets \d+ to \d+\n {9}to do: restore/,
      )
    })

    it('gives the same as JSON', async () => {
      const verified = await millrace(['log', 'verify', '--json', join(damagedCopy(), 'orders-0')])
      expect(verified.code).toBe(1)
      const report = JSON.parse(verified.stdout) as { error: number; findings: { file: string }[] }
      expect(report.error).toBe(1)
      expect(report.findings[0].file).toContain(LOG)
    })

    it('refuses a directory of something else, and one that is not there, with exit code 2', async () => {
      for (const path of [join(directory.path, 'nowhere'), join(import.meta.dirname, '..', 'e2e')]) {
        const refused = await millrace(['log', 'verify', path])
        expect(refused).toMatchObject({ code: 2, stdout: '' })
        expect(refused.stderr).toMatch(oneLine)
        expect(refused.stderr).toContain(path)
      }
    })
  })

  describe('dump', () => {
    it('prints batches and records', async () => {
      const dumped = await millrace(['log', 'dump', '--records', '--offsets', '3..4', join(pristine, 'orders-0', LOG)])
      expect(dumped).toMatchObject({ code: 0, stderr: '' })
      const lines = dumped.stdout.trimEnd().split('\n')
      expect(lines).toHaveLength(5)
      expect(lines[1]).toMatch(
        /^offsets 3-3 {2}position \d+ {2}bytes \d+ {2}epoch \d+ {2}records 1 {2}codec gzip {2}producer \d+\/0 sequence 3-3 {2}.* crc 0x\w{8} ok$/,
      )
      expect(lines[2]).toMatch(/^ {2}offset 3 {2}time \S+ {2}key "k3" {2}value "value 3" {2}headers "trace"="t3"$/)
    })

    it('prints bytes as hex, and JSON, where asked', async () => {
      const log = join(pristine, 'orders-0', LOG)
      const hex = await millrace(['log', 'dump', '--records', '--values', 'hex', '--offsets', '3', log])
      expect(hex.stdout).toContain(`key "k3"  value 0x${Buffer.from('value 3').toString('hex')}`)
      const json = await millrace(['log', 'dump', '--json', '--records', '--offsets', '3', log])
      const [, batch, record] = json.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object)
      expect(batch).toMatchObject({ type: 'batch', baseOffset: 3, codec: 'gzip', crcOk: true })
      expect(record).toMatchObject({
        type: 'record',
        offset: 3,
        key: 'k3',
        value: 'value 3',
        headers: [['trace', 't3']],
      })
    })

    it('shows records of the metadata log and of __consumer_offsets as what they say', async () => {
      const metadata = await millrace(['log', 'dump', '--records', join(pristine, '__cluster_metadata-0')])
      expect(metadata.stdout).toMatch(/\{"kind":"topic","name":"orders","topicId":"[\w-]{22}"\}/)
      const offsets = readdirSync(pristine).filter((name) => name.startsWith('__consumer_offsets-'))
      const dumps = await Promise.all(
        offsets
          .filter((name) => statSync(join(pristine, name, LOG)).size > 0)
          .map((name) => millrace(['log', 'dump', '--records', join(pristine, name, LOG)])),
      )
      const all = dumps.map(({ stdout }) => stdout).join('')
      expect(all).toMatch(
        /\{"type":"offset","groupId":"readers","topic":"orders","partition":0,"value":\{"offset":\d+,/,
      )
    })

    it('stops after --limit, and refuses what is no file of a log', async () => {
      const dumped = await millrace(['log', 'dump', '--limit', '2', join(pristine, 'orders-0', LOG)])
      expect(dumped.stdout.trimEnd().split('\n')).toHaveLength(3)
      const refused = await millrace(['log', 'dump', import.meta.filename])
      expect(refused).toMatchObject({ code: 2, stdout: '' })
      expect(refused.stderr).toMatch(oneLine)
    })

    it('refuses a range that is none, naming the option', async () => {
      const refused = await millrace(['log', 'dump', '--offsets', '9..3', pristine])
      expect(refused.code).toBe(2)
      expect(refused.stderr).toMatch(oneLine)
      expect(refused.stderr).toContain('--offsets')
    })
  })

  describe('repair', () => {
    const lossOf = (planned: Finished) => /needs --accept-loss (\S+)/.exec(planned.stdout)?.[1] ?? ''

    it('says that there is nothing to do', async () => {
      const repaired = await millrace(['log', 'repair', '--yes', copy()])
      expect(repaired).toMatchObject({ code: 0, stderr: '' })
      expect(repaired.stdout).toContain('nothing to repair')
    })

    it('changes nothing without --yes, and exits with 1', async () => {
      const data = damagedCopy()
      const before = snapshot(data)
      const planned = await millrace(['log', 'repair', data])
      expect(planned.code).toBe(1)
      expect(planned.stderr).toBe('nothing has been changed: add --yes to do it\n')
      expect(lossOf(planned)).toMatch(/^orders-0:\d+-\d+$/)
      expect(snapshot(data)).toEqual(before)
    })

    it(
      'takes damage out only when its loss is named, and a broker then serves the rest',
      async () => {
        const data = damagedCopy()
        const loss = lossOf(await millrace(['log', 'repair', data]))
        expect(await millrace(['log', 'repair', '--yes', data])).toMatchObject({ code: 1 })
        const wrong = await millrace(['log', 'repair', '--yes', '--accept-loss', 'orders-0:0-19', data])
        expect(wrong).toMatchObject({ code: 2, stdout: '' })
        expect(wrong.stderr).toContain(loss)
        expect(await millrace(['log', 'repair', '--yes', '--accept-loss', loss, data])).toMatchObject({
          code: 0,
          stderr: '',
        })
        expect(await millrace(['log', 'verify', '--deep', data])).toMatchObject({ code: 0 })
        const [first, last] = loss.split(':')[1].split('-').map(Number)
        const kept = Array.from({ length: 20 }, (_, i) => i).filter((offset) => offset < first || offset > last)
        expect(await offsetsServed(data)).toEqual(kept)
      },
      WAIT,
    )

    it(
      'gives up an end that is gone, and a broker goes on from there',
      async () => {
        const data = copy()
        truncateSync(join(data, 'orders-0', LOG), 100)
        const loss = lossOf(await millrace(['log', 'repair', data]))
        expect(loss).toMatch(/^orders-0:\d+-19$/)
        expect(await millrace(['log', 'repair', '--yes', '--accept-loss', loss, data])).toMatchObject({ code: 0 })
        expect((await offsetsServed(data)).length).toBe(Number(/:(\d+)/.exec(loss)?.[1]))
      },
      WAIT,
    )

    it(
      'refuses while a broker holds the directory',
      async () => {
        const data = copy()
        await using broker = await startMillrace(['--data-dir', data])
        const refused = await millrace(['log', 'repair', '--yes', data])
        expect(refused).toMatchObject({ code: 2, stdout: '' })
        expect(refused.stderr).toMatch(oneLine)
        expect(refused.stderr).toContain(`in use by process ${broker.pid}`)
        const partition = await millrace(['log', 'repair', '--yes', join(data, 'orders-0')])
        expect(partition).toMatchObject({ code: 2, stdout: '' })
      },
      WAIT,
    )
  })
})

async function offsetsServed(data: string): Promise<number[]> {
  await using broker = await startMillrace(['--data-dir', data])
  await using client = new Client({ brokers: broker.bootstrap })
  const [end] = await client.admin().listOffsets([{ topic: 'orders', partition: 0 }], 'latest')
  await using consumer = client.consumer({ topics: [Orders], assign: [{ topic: 'orders', partition: 0, offset: 0 }] })
  const offsets: number[] = []
  if (end.offset === 0) return offsets
  for await (const record of consumer.records()) {
    offsets.push(record.offset)
    if (record.offset + 1 >= end.offset) break
  }
  return offsets
}
