import { describe, expect, it } from 'vitest'
import { int32, json, string, topic } from '../../../client/index.ts'
import { App, testDriver } from '../../../processor/index.ts'

const A = topic('a', { key: string, value: json<number>() })
const B = topic('b', { key: string, value: json<number>() })
const Out = topic('out', { key: string, value: json<number>() })

describe('a topology', () => {
  it('needs a stream', () => {
    expect(() => new App({ id: 'app' }).describe()).toThrow("'app' has no stream")
  })

  it('refuses two states of one name, which would share a changelog', () => {
    const app = new App({ id: 'app' })
    const keyed = app.stream(A).groupByKey()
    keyed.count({ as: 'n' })
    expect(() => keyed.count({ as: 'n' })).toThrow("'n' is taken")
    expect(() => app.stream(B).groupBy(String, { as: 'n', key: string })).toThrow("'n' is taken")
  })

  it('refuses names that are no part of a topic name', () => {
    expect(() => new App({ id: 'my app' })).toThrow('the id of an app must be')
    expect(() => new App({ id: 'app' }).stream(A).groupByKey().count({ as: '../n' })).toThrow('as must be')
  })

  it('refuses a topic that is read with different serdes', () => {
    const app = new App({ id: 'app' })
    app.stream(A, { as: 'first' }).to(Out)
    app.stream(topic('a', { key: string, value: string }), { as: 'second' })
    expect(() => app.describe()).toThrow("read with different serdes by 'first' and 'second'")
  })

  it('refuses to merge streams of two apps', () => {
    const one = new App({ id: 'one' }).stream(A)
    const two = new App({ id: 'two' }).stream(A)
    expect(() => one.merge(two)).toThrow('same app')
  })

  it('refuses partition counts and waiting room that are no positive integers', () => {
    const stream = new App({ id: 'app' }).stream(A)
    expect(() => stream.groupBy(String, { as: 'g', key: string, partitions: 0 })).toThrow('positive integer')
    expect(() => stream.withModel(B, { score: (value) => value, maxWaiting: 1.5 })).toThrow('positive integer')
  })
})

describe('topics that share state', () => {
  function merged() {
    const app = new App({ id: 'app' })
    app.stream(A).merge(app.stream(B)).groupByKey().count({ as: 'n' })
    return app
  }

  it('must have the same number of partitions', () => {
    expect(() => testDriver(merged(), { partitions: { a: 2, b: 3 } })).toThrow(
      'need the same number of partitions: a has 2, b has 3',
    )
    expect(() => testDriver(merged(), { partitions: { a: 3, b: 3 } })).not.toThrow()
  })

  it('may differ when nothing is kept', () => {
    const app = new App({ id: 'app' })
    app.stream(A).merge(app.stream(B)).to(Out)
    const driver = testDriver(app, { partitions: { a: 1, b: 2 } })
    driver.push(A, { key: 'x', value: 1, partition: 0 })
    driver.push(B, { key: 'x', value: 2, partition: 1 })
    expect(driver.read(Out).map(({ value }) => value)).toEqual([1, 2])
  })

  it('that are re-keyed take the width of the topic they meet', () => {
    const app = new App({ id: 'app' })
    const rekeyed = app.stream(A).groupBy(String, { as: 'g', key: string })
    const counted = rekeyed.count({ as: 'n' })
    counted
      .merge(app.stream(B).map(() => 0) as never)
      .groupByKey()
      .count({ as: 'm' })
    const driver = testDriver(app, { partitions: { a: 2, b: 5 } })
    driver.push(A, { key: 'x', value: 1 })
    expect(driver.metrics().map(({ task }) => task)).toEqual(['0_0', '0_1', '1_0', '1_1', '1_2', '1_3', '1_4'])
  })

  it('through several re-keyings are as wide as the first, unless told', () => {
    const app = new App({ id: 'app' })
    app
      .stream(A)
      .groupBy((value) => value % 7, { as: 'one', key: int32 })
      .count({ as: 'n' })
      .groupBy((count) => count % 3, { as: 'two', key: int32 })
      .count({ as: 'm' })
      .groupBy((count) => count, { as: 'three', key: int32, partitions: 2 })
      .count({ as: 'o' })
    const driver = testDriver(app, { partitions: { a: 3 } })
    const tasks = driver.metrics().map(({ task }) => task.split('_')[0])
    expect(['0', '1', '2', '3'].map((part) => tasks.filter((task) => task === part).length)).toEqual([3, 3, 3, 2])
  })
})
