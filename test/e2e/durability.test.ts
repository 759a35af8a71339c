/** What users trust, tested from outside: kill -9 loses nothing acknowledged, and fdatasync returns before the reply is written. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bytes, Client, string, topic } from '../../client/index.ts'
import { hasCommand } from '../support/has-command.ts'
import { scratch, startMillrace } from '../support/millrace-process.ts'

const Ledger = topic('ledger', { key: string, value: string })
const LedgerBytes = topic('ledger', { key: bytes, value: string })

async function readAll(bootstrap: string): Promise<string[]> {
  await using client = new Client({ brokers: bootstrap })
  const [end] = await client.admin().listOffsets([{ topic: 'ledger', partition: 0 }], 'latest')
  await using consumer = client.consumer({
    topics: [LedgerBytes],
    assign: [{ topic: 'ledger', partition: 0, offset: 0 }],
  })
  const values: string[] = []
  if (end.offset === 0) return values
  for await (const record of consumer.records()) {
    values.push(record.value ?? '')
    if (record.offset + 1 >= end.offset) break
  }
  return values
}

describe('kill -9 while producing with acks=all on disk', () => {
  it('keeps every acknowledged record, once', async () => {
    using directory = scratch()
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round++) {
      await using broker = await startMillrace(['--data-dir', directory.path])
      const client = new Client({ brokers: broker.bootstrap, requestTimeoutMs: 2000 })
      const producer = client.producer({ deliveryTimeoutMs: 2500 })
      let going = true
      const loops = Array.from({ length: 8 }, async (_, lane) => {
        for (let count = 0; going; count++) {
          const value = `${round}/${lane}/${count}`
          try {
            await producer.send(Ledger, [{ key: String(lane), value }])
            acknowledged.push(value)
          } catch {
            // A failure or a timeout is not a loss: the outcome is unknown and nothing is claimed about it.
            return
          }
        }
      })
      const before = acknowledged.length
      while (acknowledged.length < before + 200) await new Promise((resolve) => setTimeout(resolve, 5))
      await broker.kill('SIGKILL')
      going = false
      await Promise.all(loops)
      await producer.close().catch(() => undefined)
      await client.close()
    }
    await using broker = await startMillrace(['--data-dir', directory.path])
    const kept = await readAll(broker.bootstrap)
    const counts = new Map<string, number>()
    for (const value of kept) counts.set(value, (counts.get(value) ?? 0) + 1)
    expect(acknowledged.length).toBeGreaterThanOrEqual(600)
    expect(acknowledged.filter((value) => counts.get(value) !== 1)).toEqual([])
    expect([...counts].filter(([, count]) => count !== 1)).toEqual([])
  }, 60_000)

  it('keeps a clean stop clean: SIGTERM exits with 0 and the next start reads no log data', async () => {
    using directory = scratch()
    {
      await using broker = await startMillrace(['--data-dir', directory.path])
      await using client = new Client({ brokers: broker.bootstrap })
      await client.producer().send(Ledger, [{ key: 'a', value: 'b' }])
      await client.close()
      expect(await broker.kill('SIGTERM')).toBe(0)
    }
    expect(existsSync(join(directory.path, '.kafka_cleanshutdown'))).toBe(true)
    expect(readdirSync(directory.path)).toContain('ledger-0')
    await using broker = await startMillrace(['--data-dir', directory.path])
    expect(await readAll(broker.bootstrap)).toEqual(['b'])
  })
})

/** Whether this machine lets a process be traced (containers may not). */
const canTrace = hasCommand('strace') && process.platform === 'linux'

describe.skipIf(!canTrace)('a system-call trace of one produce (skipped where strace is not installed)', () => {
  it('shows fdatasync of the log returning before the reply is written', async () => {
    using directory = scratch()
    const trace = join(directory.path, 'trace')
    const calls = '--trace=write,writev,pwrite64,pwritev,fdatasync,openat,sendto,sendmsg'
    await using broker = await startMillrace(['--data-dir', join(directory.path, 'data')], {
      wrapper: ['strace', '-f', '-y', calls, '-s', '256', '-o', trace],
    })
    await using client = new Client({ brokers: broker.bootstrap })
    const producer = client.producer()
    await producer.send(Ledger, [{ key: 'warm', value: 'up' }])
    await producer.send(Ledger, [{ key: 'k', value: 'the-traced-record' }])
    await client.close()
    await broker.kill('SIGTERM')
    const lines = readFileSync(trace, 'utf8').split('\n')
    const written = lines.findIndex((line) => line.includes('the-traced-record') && line.includes('/ledger-0/'))
    expect(written).toBeGreaterThan(0)
    const after = lines.slice(written)
    const synced = after.findIndex((line) =>
      /fdatasync\(.*\/ledger-0\/\d+\.log>\)\s+= 0|<\.\.\. fdatasync resumed>.*= 0/.test(line),
    )
    const replied = after.findIndex((line) => /^\d+\s+(write|writev|sendto|sendmsg)\(\d+<(TCP|socket)/.test(line))
    expect(synced).toBeGreaterThan(0)
    expect(replied).toBeGreaterThan(synced)
  }, 60_000)
})
