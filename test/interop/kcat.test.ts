/** kcat (librdkafka, C) against a broker started as users start it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasCommand } from '../support/has-command.ts'
import { finish, type RunningBroker, startMillrace } from '../support/millrace-process.ts'

const records = 100_000
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Keyed lines, different enough that a codec has work to do. */
const lines = Array.from(
  { length: records },
  (_, index) => `key-${index % 977}:value ${index} ${(index * 2654435761) % 4294967296}`,
)
const input = `${lines.join('\n')}\n`

describe.skipIf(!hasCommand('kcat'))('kcat (skipped where kcat is not installed)', () => {
  let broker: RunningBroker
  const kcat = (args: readonly string[], stdin?: string) =>
    finish('kcat', ['-b', broker.bootstrap, ...args], stdin === undefined ? {} : { input: stdin })

  beforeAll(async () => {
    broker = await startMillrace(['--memory'])
  })
  afterAll(() => broker[Symbol.asyncDispose]())

  it('lists the broker and, once written, a topic', async () => {
    await kcat(['-P', '-t', 'listed'], 'x\n')
    const listed = await kcat(['-L'])
    expect(listed.code).toBe(0)
    expect(listed.stdout).toContain(` at ${broker.bootstrap}`)
    expect(listed.stdout).toContain('topic "listed" with 1 partitions')
  })

  for (const codec of codecs) {
    it(`produces ${records} keyed records with ${codec} and reads them back identically`, async () => {
      const topic = `codec-${codec}`
      const produced = await kcat(['-P', '-t', topic, '-K:', '-z', codec, '-X', 'enable.idempotence=true'], input)
      expect(produced).toMatchObject({ code: 0, stderr: '' })
      const consumed = await kcat(['-C', '-t', topic, '-e', '-q', '-K:'])
      expect(consumed.code).toBe(0)
      expect(consumed.stdout === input).toBe(true)
    })
  }

  it('reads through a consumer group and goes on where the group stopped', async () => {
    await kcat(['-P', '-t', 'grouped', '-K:'], input)
    const group = ['-G', 'readers', '-q', '-K:', '-X', 'auto.offset.reset=earliest']
    const first = await kcat([...group, '-c', '60000', 'grouped'])
    expect(first.code).toBe(0)
    const second = await kcat([...group, '-e', 'grouped'])
    expect(second.code).toBe(0)
    const seen = (first.stdout + second.stdout).split('\n').filter((line) => line !== '')
    expect(new Set(seen)).toEqual(new Set(lines))
    expect(second.stdout.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(records - 60_000 + 1)
  })
})
