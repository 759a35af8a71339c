import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { Client, type ConsumerRecord, type Topic } from '../../client/index.ts'
import { type DemoProgress, type DemoSummary, runDemo } from '../../demo/index.ts'
import type { Command, Session } from '../../demo/messages.ts'
import { Commands, Models, Sessions } from '../../demo/topics.ts'
import { startCluster } from '../../testing/cluster.ts'
import { CHILD_PACE } from './pace.ts'

const folders: string[] = []
const children: ChildProcess[] = []

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'millrace-demo-test-'))
  folders.push(path)
  return path
}

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
  for (const path of folders.splice(0)) await rm(path, { recursive: true, force: true })
})

/** Reads a topic of the demo until a condition holds; rejects when the signal fires, as when the test's time is up. */
async function readUntil<K, V>(
  client: Client,
  topic: Topic<K, V>,
  signal: AbortSignal,
  done: (records: ConsumerRecord<K, V>[]) => boolean,
): Promise<ConsumerRecord<K, V>[]> {
  const admin = client.admin()
  const [{ partitions }] = await admin.describeTopics([topic.name])
  await admin.close()
  const assign = partitions.map(({ partition }) => ({ topic: topic.name, partition, offset: 0 }))
  await using consumer = client.consumer({ topics: [topic], assign })
  const records: ConsumerRecord<K, V>[] = []
  for await (const record of consumer.records({ signal })) {
    records.push(record as ConsumerRecord<K, V>)
    if (done(records)) break
  }
  return records
}

interface Child {
  readonly process: ChildProcess
  /** Its exit code and what it printed, once it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly error: string }>
}

function startChild(bootstrap: string, dataDir: string, models: number): Child {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const script = join(import.meta.dirname, 'demo-child.ts')
  const child = spawn(process.execPath, ['--import', tsx, script, bootstrap, dataDir, String(models)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let [out, error] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve)).then((code) => ({
    code,
    out,
    error,
  }))
  return { process: child, ended }
}

async function summaryOf(child: Child): Promise<DemoSummary> {
  const { code, out, error } = await child.ended
  expect(code, error).toBe(0)
  return JSON.parse(out) as DemoSummary
}

/** Resolves as `work` does, or rejects with what a child said that ended before that. */
async function whileRunning<T>(child: Child, work: Promise<T>): Promise<T> {
  const early = child.ended.then(({ code, error }) => {
    throw new Error(`the demo ended with ${code}: ${error}`)
  })
  return Promise.race([work, early])
}

describe('runDemo', () => {
  it('accounts for every record, swaps models in mid-run, finds faults and reacts to them', async () => {
    await using cluster = await startCluster()
    const dataDir = await folder()
    const seen: DemoProgress[] = []
    const stop = new AbortController()
    const onProgress = (progress: DemoProgress): void => {
      seen.push(progress)
      // The second version has scored for a while, and some device has been restarted.
      if (['', 'fleet@1', 'fleet@2'].includes(progress.model) || progress.states.RECOVERING === 0) return
      stop.abort()
    }
    const summary = await runDemo({
      ...CHILD_PACE,
      bootstrap: cluster.bootstrap,
      dataDir,
      signal: stop.signal,
      onProgress,
    })
    const { records, models, detection, sessions } = summary
    expect(records.balanced).toBe(true)
    expect(records.waiting).toBe(0)
    expect(records.rejected).toBe(records.broken)
    expect(records.scored).toBeGreaterThan(5_000)
    expect(models.length).toBeGreaterThanOrEqual(2)
    expect(models.map((m) => m.version)).toEqual(models.map((_, i) => i + 1))
    expect(models.reduce((sum, m) => sum + m.scored, 0)).toBe(records.scored)
    expect(models.filter((m) => m.scored > 0).length).toBeGreaterThanOrEqual(2)
    expect((await readdir(dataDir)).sort()).toEqual(
      models.flatMap((m) => [`fleet-v${m.version}.json`, `fleet-v${m.version}.model`]).sort(),
    )
    expect(summary.anomalies).toBeGreaterThan(0)
    expect(detection.millrace.injected.found).toBeGreaterThan(detection.maxZ.injected.found)
    expect(sessions.restarts).toBeGreaterThan(0)
    expect(seen.length).toBeGreaterThan(5)
    expect(seen.at(-1)!.model).toBe(models.at(-1)!.id)
  }, 240_000)

  it('ends early and in good order when its signal fires', async () => {
    await using cluster = await startCluster()
    const stop = new AbortController()
    const running = runDemo({
      ...CHILD_PACE,
      bootstrap: cluster.bootstrap,
      dataDir: await folder(),
      signal: stop.signal,
      onProgress: ({ scored }) => scored > 0 && stop.abort(),
    })
    const summary = await running
    expect(summary.records.balanced).toBe(true)
    expect(summary.records.scored).toBeGreaterThan(0)
  }, 240_000)

  it('fails, rather than hangs, when the brokers go away', async () => {
    await using cluster = await startCluster()
    const running = runDemo({
      ...CHILD_PACE,
      bootstrap: cluster.bootstrap,
      dataDir: await folder(),
      onProgress: ({ in: records }) => records > 1_000 && void cluster.faults.kill(),
    })
    await expect(running).rejects.toThrow()
  }, 180_000)

  it.each([
    [{ devices: 0 }, /devices/],
    [{ rate: -1 }, /rate/],
    [{ durationMs: 0 }, /duration/],
  ])('names a bad option: %o', async (bad, message) => {
    await expect(runDemo({ bootstrap: '127.0.0.1:1', dataDir: '/nowhere', ...bad })).rejects.toThrow(message)
  })

  it('survives kill -9 of the whole application: models, sessions and offsets go on where they were', async ({
    signal,
  }) => {
    await using cluster = await startCluster()
    const dataDir = await folder()
    await using client = new Client({ brokers: cluster.bootstrap })
    const first = startChild(cluster.bootstrap, dataDir, 1_000)
    const isUsed = (records: ConsumerRecord<string, Session>[]) =>
      records.filter((r) => r.value!.state === 'RECOVERING').length >= 3
    const before = await whileRunning(
      first,
      untilExists(client, Sessions.name, signal).then(() => readUntil(client, Sessions, signal, isUsed)),
    )
    first.process.kill('SIGKILL')
    await first.ended
    const known = new Map<string, Session>(before.map((r) => [r.key!, r.value!]))
    const summary = await summaryOf(startChild(cluster.bootstrap, dataDir, 3))
    // On a busy machine some may wait when it ends; none may be missing.
    expect(summary.records.balanced).toBe(true)
    expect(summary.models[0]).toMatchObject({ origin: 'found' })
    expect(summary.models.at(-1)!.version).toBeGreaterThan(summary.models[0].version)
    const models = await readUntil(
      client,
      Models,
      signal,
      (records) => records.length >= summary.models.at(-1)!.version,
    )
    expect(models.map((r) => r.value!.version)).toEqual(models.map((_, i) => i + 1))
    const after = new Map<string, Session>()
    await readUntil(client, Sessions, signal, (records) => {
      after.set(records.at(-1)!.key!, records.at(-1)!.value!)
      return [...known].every(([device, session]) => (after.get(device)?.restarts ?? -1) >= session.restarts)
    })
    const total = [...after.values()].reduce((sum, s) => sum + s.restarts + s.replacements, 0)
    const commands = await readUntil(
      client,
      Commands,
      signal,
      (records) => new Set(records.map((r) => `${r.key}/${r.value!.number}`)).size >= total,
    )
    expect(numberedOnce(commands.map((r) => r.value!))).toEqual([])
  }, 240_000)
})

/** The topic is created by the child: wait for it. */
async function untilExists(client: Client, topic: string, signal: AbortSignal): Promise<void> {
  await using admin = client.admin()
  while (!(await admin.listTopics({ signal })).some(({ name }) => name === topic)) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Commands of one number that differ: a session that lost its state would number anew. */
function numberedOnce(commands: readonly Command[]): string[] {
  const first = new Map<string, Command>()
  return commands.flatMap((command) => {
    const key = `${command.device}/${command.number}`
    const earlier = first.get(key)
    first.set(key, earlier ?? command)
    return earlier === undefined || (earlier.action === command.action && earlier.atMs === command.atMs) ? [] : [key]
  })
}
