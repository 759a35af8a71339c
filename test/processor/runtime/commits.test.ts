import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Admin,
  Client,
  type Consumer,
  json,
  KafkaError,
  type Producer,
  string,
  topic,
} from '../../../client/index.ts'
import { App } from '../../../processor/index.ts'
import { Commits } from '../../../processor/runtime/commits.ts'
import { SilenceWatch } from '../../../processor/runtime/silence.ts'
import { tasksOf } from '../../../processor/runtime/task-set.ts'
import { Turns } from '../../../processor/runtime/turns.ts'
import { Writer } from '../../../processor/runtime/writer.ts'
import { Task } from '../../../processor/task/task.ts'
import { MemoryTopic } from '../../../processor/testing/log.ts'
import { resolveWidths } from '../../../processor/topology/partitions.ts'

const In = topic('in', { key: string, value: json<number>() })
const REBALANCE_IN_PROGRESS = 27

/** Everything that is asked of the client, in order. */
let calls: string[] = []
let commitFails: Error | undefined
let ends: number | Error = 0

beforeEach(() => {
  calls = []
  commitFails = undefined
  ends = 0
})

const producer: Partial<Producer> = {
  write: (target, { key, partition }) => {
    calls.push(
      `write ${target.name} ${partition ?? 'by key'} ${key === null || key === undefined ? 'no key' : Buffer.from(key as never).toString('latin1')}`,
    )
    return undefined
  },
  flush: async () => {
    calls.push('flush')
  },
}

const consumer: Partial<Consumer> = {
  commit: async (what) => {
    const offsets = what as { topic: string; partition: number; offset: number }[]
    calls.push(`commit ${offsets.map((each) => `${each.topic}-${each.partition}@${each.offset}`).join(' ')}`)
    if (commitFails !== undefined) throw commitFails
  },
  position: () => 3,
  lag: () => 0,
}

const admin: Partial<Admin> = {
  deleteRecords: async (before) => {
    calls.push(`delete ${before.map((each) => `${each.topic}-${each.partition}<${each.offset}`).join(' ')}`)
    return []
  },
  listOffsets: async (partitions) => {
    if (ends instanceof Error) throw ends
    return partitions.map((each) => ({ ...each, offset: ends as number, timestamp: -1, leaderEpoch: 0 }))
  },
}

class FakeClient extends Client {
  override producer(): Producer {
    return producer as Producer
  }
}

function setUp(repartitions: string[] = []) {
  const app = new App({ id: 'app' })
  const stream = app.stream(In)
  stream.groupByKey().count({ as: 'n' })
  stream.to(topic('out', { key: string, value: json<number>() }))
  const topology = app.topology()
  const widths = resolveWidths(topology, new Map([['in', 1]]))
  const [part] = topology.subtopologies
  const task = new Task({
    topology,
    part,
    partition: 0,
    widths,
    tables: new Map(),
    onError: 'fail',
    deadLetters: undefined,
  })
  task.resume(new Map(), 0)
  const writer = new Writer(new FakeClient({ brokers: '127.0.0.1:1' }), 'app')
  const commits = new Commits(consumer as Consumer, writer, admin as Admin, new Set(repartitions))
  return { task, writer, commits, topology, widths }
}

function feed(task: Task, ...values: number[]): void {
  const log = new MemoryTopic(In, 1)
  for (const value of values)
    log.append(0, { key: Buffer.from('k'), value: Buffer.from(String(value)), timestamp: value, headers: [] })
  task.process('in', log.partitions[0], values.length, 0)
}

describe('a commit', () => {
  it('makes outputs durable, then state, then offsets: never state before the outputs that came from it', async () => {
    const { task, writer, commits } = setUp()
    feed(task, 1, 2)
    await writer.outputs(task.takeOutputs())
    expect(await commits.commit([task])).toBe(true)
    expect(calls).toEqual([
      'write out by key k',
      'write out by key k',
      'flush',
      'write app-n-changelog 0 \x01k',
      'flush',
      'commit in-0@2',
    ])
  })

  it('asks for nothing when nothing has changed', async () => {
    const { task, writer, commits } = setUp()
    feed(task, 1)
    await writer.outputs(task.takeOutputs())
    await commits.commit([task])
    calls = []
    expect(await commits.commit([task])).toBe(true)
    expect(calls).toEqual([])
    commits.forget([{ topic: 'in', partition: 0 }])
    await commits.commit([task])
    expect(calls).toEqual(['commit in-0@1'])
  })

  it('that the group refuses because it moved on is counted, and tried again', async () => {
    const { task, commits } = setUp()
    feed(task, 1)
    commitFails = new KafkaError(REBALANCE_IN_PROGRESS, 'commit')
    expect(await commits.commit([task])).toBe(false)
    expect([commits.committed, commits.refused]).toEqual([0, 1])
    commitFails = undefined
    expect(await commits.commit([task])).toBe(true)
    expect([commits.committed, commits.refused]).toEqual([1, 1])
  })

  it('that fails otherwise is thrown', async () => {
    const { task, commits } = setUp()
    feed(task, 1)
    commitFails = new Error('no coordinator')
    await expect(commits.commit([task])).rejects.toThrow('no coordinator')
  })
})

describe('a purge', () => {
  it('deletes what was committed of repartition topics, now and then', async () => {
    const { task, commits } = setUp(['in'])
    feed(task, 1, 2, 3)
    await commits.commit([task])
    calls = []
    await commits.purge([task], 100_000)
    await commits.purge([task], 100_001)
    expect(calls).toEqual(['delete in-0<3'])
    await commits.purge([task], 200_000)
    expect(calls).toEqual(['delete in-0<3', 'delete in-0<3'])
  })

  it('touches no topic of the user', async () => {
    const { task, commits } = setUp()
    feed(task, 1)
    await commits.commit([task])
    calls = []
    await commits.purge([task], 100_000)
    expect(calls).toEqual([])
  })
})

describe('a look at silence', () => {
  it('believes in silence only where the end of the partition is where it stands', async () => {
    const { task } = setUp()
    const watch = new SilenceWatch(admin as Admin, consumer as Consumer)
    ends = 3
    expect(await watch.look([task], 5_000)).toEqual({
      atMs: 5_000,
      silent: [{ topic: 'in', partition: 0, position: 3 }],
      unknown: [],
    })
    ends = 4
    expect(await watch.look([task], 5_000)).toEqual({ atMs: 5_000, silent: [], unknown: [] })
  })

  it('takes an outage for an outage', async () => {
    const { task } = setUp()
    const watch = new SilenceWatch(admin as Admin, consumer as Consumer)
    ends = new Error('no leader')
    expect((await watch.look([task], 5_000)).unknown).toEqual([{ topic: 'in', partition: 0, position: 3 }])
  })
})

describe('assigned partitions', () => {
  it('that share state must come together', () => {
    const Other = topic('other', { key: string, value: json<number>() })
    const app = new App({ id: 'app' })
    app.stream(In).merge(app.stream(Other)).groupByKey().count({ as: 'n' })
    const topology = app.topology()
    const widths = resolveWidths(
      topology,
      new Map([
        ['in', 2],
        ['other', 2],
      ]),
    )
    const whole = [
      { topic: 'in', partition: 1 },
      { topic: 'other', partition: 1 },
    ]
    expect(tasksOf(topology, widths, whole).map(({ id }) => id)).toEqual(['0_1'])
    expect(() => tasksOf(topology, widths, whole.slice(1))).toThrow('every member of the group must assign by range')
  })
})

describe('Turns', () => {
  it('run one after another, and a failed one does not stop the next', async () => {
    const turns = new Turns()
    const order: string[] = []
    const slow = turns.run(async () => {
      order.push('slow begins')
      await Promise.resolve()
      order.push('slow ends')
      throw new Error('slow')
    })
    const next = turns.run(async () => void order.push('next'))
    await expect(slow).rejects.toThrow('slow')
    await next
    expect(order).toEqual(['slow begins', 'slow ends', 'next'])
  })
})
