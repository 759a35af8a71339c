/** `millrace cluster` as people use it: a process per broker, restarts, a clean stop, errors of one line. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startMillraceCluster, untilAllGone } from '../support/cluster-process.ts'
import { command, millrace, scratch } from '../support/millrace-process.ts'

const oneLine = /^millrace: [^\n]+\n$/

async function busyPort() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { port, [Symbol.dispose]: () => server.close() }
}

describe('millrace cluster', { timeout: 180_000 }, () => {
  it('prints a ready line for each broker, and again for one that was killed and came back', async () => {
    using directory = scratch()
    await using cluster = await startMillraceCluster(['--data-dir', directory.path])
    expect(cluster.stdout()).toMatch(/^(ready kafka=127\.0\.0\.1:\d+ node=[123] pid=\d+\n){3}$/)
    const before = cluster.broker(2)
    process.kill(before.pid, 'SIGKILL')
    const after = await cluster.untilReady(2, 2)
    expect(after.kafka).toBe(before.kafka)
    expect(after.pid).not.toBe(before.pid)
    expect(cluster.stderr()).toContain('broker 2 was ended by SIGKILL; it starts again in 1 s')
    const pids = cluster.ready().map(({ pid }) => pid)
    expect(await cluster.kill('SIGTERM')).toBe(0)
    await untilAllGone(pids)
    for (const nodeId of [1, 2, 3]) {
      expect(existsSync(join(directory.path, `broker-${nodeId}.log`))).toBe(true)
      // Kafka's name for the marker of a clean stop.
      expect(existsSync(join(directory.path, `broker-${nodeId}`, '.kafka_cleanshutdown'))).toBe(true)
    }
  })

  it('keeps its topics and its id over a restart on other ports', async () => {
    using directory = scratch()
    const idOf = (nodeId: number) =>
      /^cluster\.id=(.*)$/m.exec(readFileSync(join(directory.path, `broker-${nodeId}`, 'meta.properties'), 'utf8'))?.[1]
    {
      await using cluster = await startMillraceCluster(['--data-dir', directory.path])
      const created = await millrace(['topic', 'create', 'kept', '--bootstrap', cluster.bootstrap])
      expect(created).toMatchObject({ code: 0 })
      expect(await cluster.kill('SIGINT')).toBe(0)
    }
    const id = idOf(1)
    expect([idOf(2), idOf(3)]).toEqual([id, id])
    await using cluster = await startMillraceCluster(['--data-dir', directory.path])
    expect((await millrace(['topic', 'list', '--bootstrap', cluster.bootstrap])).stdout).toContain('kept')
    expect(idOf(1)).toBe(id)
  })

  it('leaves no broker behind when the supervisor itself is killed: they stop cleanly', async () => {
    using directory = scratch()
    await using cluster = await startMillraceCluster(['--data-dir', directory.path])
    const pids = cluster.ready().map(({ pid }) => pid)
    await cluster.kill('SIGKILL')
    await untilAllGone(pids)
    for (const nodeId of [1, 2, 3]) {
      expect(existsSync(join(directory.path, `broker-${nodeId}`, '.kafka_cleanshutdown'))).toBe(true)
    }
  })

  it('ends at once on the second signal', async () => {
    await using cluster = await startMillraceCluster(['--memory'])
    const pids = cluster.ready().map(({ pid }) => pid)
    void cluster.kill('SIGTERM')
    expect(await cluster.kill('SIGINT')).toSatisfy((code) => code === 130 || code === 143 || code === 0)
    await untilAllGone(pids)
  })

  it('tells what happens as JSON lines when asked to', async () => {
    const options = ['--brokers', '1', '--json', '--memory', '--port', '0', '--no-http']
    const cluster = await startUntil(['cluster', ...options], '"pid"')
    const ready = JSON.parse(cluster.stdout()) as { pid: number; kafka: string }
    expect(ready).toMatchObject({ event: 'ready', nodeId: 1, http: null })
    expect(await cluster.stop('SIGTERM')).toBe(0)
    await untilAllGone([ready.pid])
  })

  it('gives up in one line when a broker cannot work with its options', async () => {
    const options = ['--brokers', '1', '--memory', '--port', '0', '--no-http', '--override', 'num.partitions=0']
    const refused = await millrace(['cluster', ...options])
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/\nmillrace: broker 1: .*num\.partitions[^\n]*\n$/)
  })

  it('refuses a busy port, naming it, before anything is started', async () => {
    using busy = await busyPort()
    using directory = scratch()
    const data = join(directory.path, 'data')
    const refused = await millrace(['cluster', '--port', String(busy.port), '--no-http', '--data-dir', data])
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(oneLine)
    expect(refused.stderr).toContain(`--port: port ${busy.port} on 127.0.0.1 is in use`)
    expect(existsSync(data)).toBe(false)
  })

  it('refuses the directory of a single broker, and a bad option, in one line', async () => {
    using directory = scratch()
    writeFileSync(join(directory.path, 'meta.properties'), 'version=1\nnode.id=1\ncluster.id=x\n')
    const single = await millrace(['cluster', '--port', '0', '--no-http', '--data-dir', directory.path])
    expect(single.code).toBe(2)
    expect(single.stderr).toMatch(oneLine)
    const none = await millrace(['cluster', '--brokers', '0'])
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('--brokers')
  })

  it('explains itself', async () => {
    const help = await millrace(['cluster', '--help'])
    expect(help.code).toBe(0)
    for (const option of ['--brokers', '--port', '--http-port', '--data-dir', '--json'])
      expect(help.stdout).toContain(option)
  })
})

describe('millrace with --brokers 3', { timeout: 120_000 }, () => {
  it('runs a command beside three brokers and exits with its code', async () => {
    const script = 'console.log(process.env.KAFKA_BOOTSTRAP_SERVERS.split(",").length); process.exit(7)'
    const finished = await millrace(['with', '--brokers', '3', '--', process.execPath, '-e', script])
    expect(finished).toMatchObject({ code: 7, stdout: '3\n' })
  })
})

/** Starts `millrace ARGS`; resolves when it has said a text. */
async function startUntil(args: readonly string[], text: string) {
  const child = spawn(process.execPath, [...command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await new Promise<void>((resolve) => {
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Buffer) => {
        said[stream] += chunk.toString('utf8')
        if (said[stream].includes(text)) resolve()
      })
    }
  })
  return {
    stdout: () => said.stdout,
    stop(signal: NodeJS.Signals) {
      child.kill(signal)
      return ended
    },
  }
}

describe('millrace start as one of three', { timeout: 60_000 }, () => {
  const voters = 'controller.quorum.voters=1@127.0.0.1:18093,2@127.0.0.1:18094,3@127.0.0.1:18095'

  it('stops at once when told to while it waits for the others', async () => {
    using directory = scratch()
    const options = ['--data-dir', directory.path, '--port', '0', '--no-http', '--log-level', 'info']
    const waiting = await startUntil(['start', '--node-id', '9', '--override', voters, ...options], 'waiting for')
    expect(await waiting.stop('SIGTERM')).toBe(0)
    expect(waiting.stdout()).toBe('')
  })
})
