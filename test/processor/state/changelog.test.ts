import { describe, expect, it } from 'vitest'
import { bytes, int32, int64, json, msgpack, string, topic } from '../../../client/index.ts'
import { App, ProcessorError, tumbling } from '../../../processor/index.ts'
import type { ChangelogRecord } from '../../../processor/record.ts'
import { Task } from '../../../processor/task/task.ts'
import { MemoryTopic } from '../../../processor/testing/log.ts'
import { resolveWidths } from '../../../processor/topology/partitions.ts'

const In = topic('in', { key: string, value: json<number>() })

function taskOf(build: (app: App) => void): Task {
  const app = new App({ id: 'app' })
  build(app)
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
  return task
}

function feed(task: Task, ...records: readonly (readonly [key: string, value: number, timestamp: number])[]): void {
  const log = new MemoryTopic(In, 1)
  for (const [key, value, timestamp] of records) {
    log.append(0, { key: string.encode(key), value: Buffer.from(String(value)), timestamp, headers: [] })
  }
  task.process('in', log.partitions[0], records.length, 0)
}

function shown({ key, value }: ChangelogRecord): [string, string | null] {
  return [Buffer.from(key).toString('latin1'), value === null ? null : Buffer.from(value).toString('hex')]
}

describe('a changelog', () => {
  it('has one record for each key that changed, however often, and none for what did not', () => {
    const task = taskOf((app) => app.stream(In).groupByKey().count({ as: 'n' }))
    feed(task, ['a', 1, 0], ['b', 1, 1], ['a', 1, 2], ['a', 1, 3])
    const records = task.flush()
    expect(records.map(shown)).toEqual([
      ['\x01a', '0000000000000003'],
      ['\x01b', '0000000000000001'],
    ])
    expect(records.map(({ store, timestamp }) => [store, timestamp])).toEqual([
      ['n', 3],
      ['n', 1],
    ])
    expect(task.flush()).toEqual([])
    feed(task, ['b', 1, 9])
    expect(task.flush().map(shown)).toEqual([['\x01b', '0000000000000002']])
  })

  it('of windows says first how far they have fired, so that what is torn off is never fired twice', () => {
    const task = taskOf((app) =>
      app
        .stream(In)
        .groupByKey()
        .window(tumbling({ size: 10 }))
        .count({ as: 'n' }),
    )
    feed(task, ['a', 1, 1])
    expect(task.flush()).toHaveLength(1)
    feed(task, ['a', 1, 12])
    const [note, deleted, added] = task.flush()
    expect(Buffer.from(note.key)).toEqual(Buffer.from([0, 0]))
    expect(Buffer.from(note.value!).readDoubleBE(0)).toBe(12)
    expect(deleted.value).toBeNull()
    expect(added.value).not.toBeNull()
  })

  it('has nothing of a window that came and went between two commits', () => {
    const task = taskOf((app) =>
      app
        .stream(In)
        .groupByKey()
        .window(tumbling({ size: 10 }))
        .count({ as: 'n' }),
    )
    feed(task, ['a', 1, 1], ['b', 1, 2], ['c', 1, 30])
    expect(task.flush().filter(({ key }) => key[0] === 1)).toHaveLength(1)
  })

  it('has no trace of a key that was asked for and had nothing', () => {
    const task = taskOf((app) =>
      app
        .stream(In)
        .groupByKey()
        .process({ as: 'p', state: msgpack<number>(), onRecord: (_, ctx) => void ctx.state }),
    )
    feed(task, ['a', 1, 1])
    expect(task.flush()).toEqual([])
    expect(task.metrics().stateEntries).toEqual({ p: 0 })
  })

  it.each([
    ['a key of an unknown kind', Buffer.from([7, 1]), Buffer.alloc(8)],
    ['a state that its serde refuses', Buffer.from([1, 65]), Buffer.alloc(3)],
    ['an empty key', Buffer.alloc(0), Buffer.alloc(8)],
  ])('that holds %s stops the restore with the place', (_, key, value) => {
    const task = taskOf((app) =>
      app
        .stream(In)
        .groupByKey()
        .aggregate({ as: 'n', state: int64, init: () => 0, add: (n) => n }),
    )
    expect(() => task.restore('n', key, value)).toThrow(ProcessorError)
    expect(() => task.restore('n', key, value)).toThrow("the changelog of 'n', partition 0, cannot be read")
  })

  it('whose timers run beyond their entry stops the restore', () => {
    const task = taskOf((app) =>
      app
        .stream(In)
        .groupByKey()
        .process({ as: 'p', state: bytes, onRecord: () => {}, onTimer: () => {} }),
    )
    const hostile = Buffer.from([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1])
    expect(() => task.restore('p', Buffer.from([1, 65]), hostile)).toThrow('a timer ends beyond its entry')
  })

  it('can be written under a serde for keys of its own', () => {
    const task = taskOf((app) => {
      const keys = {
        ...int32,
        encode: (key: unknown) => int32.encode(Number(key)),
        decode: (key: Buffer) => String(int32.decode(key)),
      }
      app
        .stream(In)
        .groupByKey()
        .count({ as: 'n', key: keys as never })
    })
    feed(task, ['5', 1, 0])
    expect(task.flush().map(({ key }) => Buffer.from(key))).toEqual([Buffer.from([1, 0, 0, 0, 5])])
  })
})
