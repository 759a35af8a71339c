/** The command as people use it: data on stdout, one line per error, exit codes, and nothing changed when it refuses. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasCommand } from '../support/has-command.ts'
import { millrace, scratch, startMillrace } from '../support/millrace-process.ts'

const oneLine = /^millrace: [^\n]+\n$/

async function busyPort(): Promise<{ port: number; [Symbol.dispose](): void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.dispose]: () => server.close(),
  }
}

describe('millrace start', () => {
  it('prints exactly one ready line on stdout and nothing else', async () => {
    await using broker = await startMillrace(['--memory'])
    expect(broker.stdout()).toMatch(/^ready kafka=127\.0\.0\.1:\d+ http=127\.0\.0\.1:\d+ node=1 pid=\d+\n$/)
    expect(await broker.kill('SIGTERM')).toBe(0)
    expect(broker.stdout().split('\n').length).toBe(2)
  })

  it('refuses an unknown option, naming it, with exit code 2', async () => {
    const refused = await millrace(['start', '--memroy'])
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain('--memroy')
  })

  it('refuses a port that is not one', async () => {
    const refused = await millrace(['start', '--memory', '--port', 'ninety'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain('--port')
  })

  it('refuses a busy Kafka port that was asked for', async () => {
    using busy = await busyPort()
    using directory = scratch()
    const data = join(directory.path, 'data')
    const refused = await millrace(['start', '--data-dir', data, '--port', String(busy.port), '--http-port', '0'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain(String(busy.port))
  })

  it('refuses a busy HTTP port that was asked for', async () => {
    using busy = await busyPort()
    const refused = await millrace(['start', '--memory', '--port', '0', '--http-port', String(busy.port)])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain(String(busy.port))
  })

  it('refuses a second process on the same directory and leaves the first alone', async () => {
    using directory = scratch()
    await using broker = await startMillrace(['--data-dir', directory.path])
    const refused = await millrace(['start', '--data-dir', directory.path, '--port', '0', '--http-port', '0'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain(directory.path)
    const listed = await millrace(['topic', 'list', '--bootstrap', broker.bootstrap])
    expect(listed.code).toBe(0)
  })

  it('refuses a directory of another cluster or of something else, and changes nothing in it', async () => {
    using directory = scratch()
    writeFileSync(join(directory.path, 'thesis.txt'), 'three years of work')
    const refused = await millrace(['start', '--data-dir', directory.path, '--port', '0', '--http-port', '0'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain(directory.path)
    expect(readdirSync(directory.path)).toEqual(['thesis.txt'])
  })

  it.skipIf(process.getuid?.() === 0)('refuses a directory it may not write (skipped for root, who may)', async () => {
    using directory = scratch()
    const data = join(directory.path, 'data')
    mkdirSync(data)
    chmodSync(data, 0o500)
    const refused = await millrace(['start', '--data-dir', data, '--port', '0', '--http-port', '0'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain(data)
  })

  it('refuses a data directory that is a file', async () => {
    using directory = scratch()
    const file = join(directory.path, 'file')
    writeFileSync(file, 'x')
    const refused = await millrace(['start', '--data-dir', file, '--port', '0', '--http-port', '0'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain(file)
  })

  it('refuses a config file with a bad value, naming the option', async () => {
    using directory = scratch()
    const file = join(directory.path, 'server.properties')
    writeFileSync(file, 'num.partitions=many\n')
    const refused = await millrace(['start', '--memory', '--config', file, '--port', '0', '--http-port', '0'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain('num.partitions')
  })
})

describe('client commands', () => {
  it('create, produce, consume, describe, group and delete work together', async () => {
    await using broker = await startMillrace(['--memory'])
    const at = ['--bootstrap', broker.bootstrap]
    const created = await millrace(['topic', 'create', 'words', '-p', '2', '-c', 'retention.ms=-1', ...at])
    expect(created).toMatchObject({ code: 0, stdout: 'created words\n' })
    const again = await millrace(['topic', 'create', 'words', ...at])
    expect(again.code).toBe(1)
    expect(again.stderr).toMatch(/^millrace: .*TOPIC_ALREADY_EXISTS/)
    const produced = await millrace(['produce', 'words', '-k', ':', ...at], { input: 'a:1\nb:2\na:3\n' })
    expect(produced).toMatchObject({ code: 0, stdout: '' })
    const consumed = await millrace(['consume', 'words', '--exit', '-k', '=', ...at])
    expect(consumed.stdout.split('\n').sort()).toEqual(['', 'a=1', 'a=3', 'b=2'])
    const json = await millrace(['consume', 'words', '--group', 'g', '--max', '3', '--json', ...at])
    expect(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => String(JSON.parse(line).value))
        .sort((a, b) => a.localeCompare(b)),
    ).toEqual(['1', '2', '3'])
    const group = await millrace(['group', 'describe', 'g', '--json', ...at])
    const offsets: { lag: number }[] = JSON.parse(group.stdout).offsets
    expect(offsets.reduce((sum, entry) => sum + entry.lag, 0)).toBe(0)
    const described = await millrace(['topic', 'describe', 'words', '--json', ...at])
    expect(JSON.parse(described.stdout)).toMatchObject({ name: 'words', configs: { 'retention.ms': '-1' } })
    const deleted = await millrace(['topic', 'delete', 'words', ...at])
    expect(deleted).toMatchObject({ code: 0, stdout: 'deleted words\n' })
    expect((await millrace(['topic', 'list', ...at])).stdout).toBe('')
  }, 60_000)
})

describe('millrace with', () => {
  it('runs the command beside a broker and exits with its code', async () => {
    const ran = await millrace(['with', '--', 'sh', '-c', 'echo "$KAFKA_BOOTSTRAP_SERVERS"; exit 7'])
    expect(ran.code).toBe(7)
    expect(ran.stdout).toMatch(/^127\.0\.0\.1:\d+\n$/)
  })

  it('says that a command does not exist', async () => {
    const refused = await millrace(['with', '--', 'no-such-command-here'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain('no-such-command-here')
  })

  it.skipIf(!hasCommand('kcat'))('gives kcat its broker (skipped where kcat is not installed)', async () => {
    const listed = await millrace(['with', '--', 'kcat', '-L'])
    expect(listed.code).toBe(0)
    expect(listed.stdout).toContain('1 brokers:')
  })
})
