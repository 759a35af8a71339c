import { describe, expect, it } from 'vitest'
import { buildScorer, ScorerStats } from '../../demo/scorer/topology.ts'
import { Anomalies, BaselineAnomalies, Models, Scores, Telemetry, TelemetryBytes } from '../../demo/topics.ts'
import { type TestDriver, testDriver } from '../../processor/testing/driver.ts'
import { MINUTE, model, reading, version } from './rig.ts'

const GROSS = { disk_q: 40, disk_r: 40, tcp_tw: 40 }

function start(): { driver: TestDriver; stats: ScorerStats } {
  const stats = new ScorerStats()
  return { driver: testDriver(buildScorer(stats)), stats }
}

/** Rows of the recording as one device's readings, a minute apart. */
function push(driver: TestDriver, device: string, from: number, to: number, changes = {}): void {
  for (let row = from; row < to; row++) {
    driver.push(Telemetry, { key: device, value: reading(row, changes), timestamp: row * MINUTE })
  }
}

describe('the scorer', () => {
  it('lets records wait for the first model and loses none', () => {
    const { driver, stats } = start()
    push(driver, 'd1', 0, 50)
    expect(stats.scored).toBe(0)
    expect(stats.waiting(0, 0, 50)).toBe(50)
    driver.push(Models, { key: 'fleet', value: model })
    expect(stats.scored).toBe(50)
    expect(stats.waiting(0, 0, 50)).toBe(0)
  })

  it('reports a gross fault once, with score, threshold, model, record and the metrics that caused it', () => {
    const { driver } = start()
    driver.push(Models, { key: 'fleet', value: model })
    push(driver, 'd1', 0, 100)
    expect(driver.read(Anomalies)).toEqual([])
    push(driver, 'd1', 100, 130, GROSS)
    const [opened, ...more] = driver.read(Anomalies)
    expect(more).toEqual([])
    expect(opened).toMatchObject({ key: 'd1', timestamp: 100 * MINUTE })
    expect(opened.value).toMatchObject({
      device: 'd1',
      phase: 'OPENED',
      episode: `d1/${100 * MINUTE}`,
      model: 'fleet@1',
      modelVersion: 1,
      threshold: model.threshold,
      offset: 100,
      partition: 0,
      sentAtMs: 1_000_100,
    })
    expect(opened.value!.score).toBeGreaterThan(model.threshold)
    const causes = opened.value!.causes
    const named = new Map(causes.map((c) => [c.metric, c]))
    for (const metric of Object.keys(GROSS)) {
      expect(named.get(metric)?.value).toBeCloseTo(40, 3)
      expect(named.get(metric)?.expected).toBeLessThan(30)
      expect(named.get(metric)?.share).toBeGreaterThan(0.05)
    }
    push(driver, 'd1', 130, 200)
    const closed = driver.read(Anomalies)
    expect(closed).toHaveLength(1)
    expect(closed[0].value).toMatchObject({ phase: 'CLOSED', episode: `d1/${100 * MINUTE}`, offset: 100 })
    expect(closed[0].value!.records).toBeGreaterThanOrEqual(30)
    expect(closed[0].value!.score).toBeGreaterThanOrEqual(opened.value!.score)
  })

  it('says that a device stands still, and which metrics', () => {
    const { driver } = start()
    driver.push(Models, { key: 'fleet', value: model })
    push(driver, 'd1', 0, 50)
    driver.read(Anomalies)
    for (let i = 0; i < 60; i++) driver.push(Telemetry, { key: 'd1', value: reading(50), timestamp: (50 + i) * MINUTE })
    const [opened] = driver.read(Anomalies)
    expect(opened.value!.phase).toBe('OPENED')
    expect(opened.value!.causes[0].repeats).toBeGreaterThan(4)
  })

  it('samples scores evenly, and those of an episode at once', () => {
    const { driver } = start()
    driver.push(Models, { key: 'fleet', value: model })
    push(driver, 'd1', 0, 100)
    const scores = driver.read(Scores)
    expect(scores.length).toBe(5)
    expect(scores[1].timestamp - scores[0].timestamp).toBe(20 * MINUTE)
    push(driver, 'd1', 100, 101, GROSS)
    expect(driver.read(Scores).map((s) => s.value!.inEpisode)).toEqual([true])
  })

  it('swaps the model in mid-run: each record is scored by the newest, none twice, none not', () => {
    const { driver, stats } = start()
    driver.push(Models, { key: 'fleet', value: model })
    push(driver, 'd1', 0, 30)
    driver.push(Models, { key: 'fleet', value: version(2) })
    push(driver, 'd1', 30, 80)
    expect([...stats.byVersion]).toEqual([
      [1, 30],
      [2, 50],
    ])
    push(driver, 'd1', 80, 82, GROSS)
    expect(driver.read(Anomalies)[0].value).toMatchObject({ model: 'fleet@2', modelVersion: 2 })
  })

  it('keeps the model it has when a damaged one comes', () => {
    const { driver, stats } = start()
    driver.push(Models, { key: 'fleet', value: model })
    push(driver, 'd1', 0, 5)
    driver.push(Models, { key: 'fleet', value: { ...version(2), hash: '00' } })
    push(driver, 'd1', 5, 10)
    expect([...stats.byVersion]).toEqual([[1, 10]])
  })

  it('counts and skips what is no telemetry', () => {
    const { driver, stats } = start()
    driver.push(Models, { key: 'fleet', value: model })
    push(driver, 'd1', 0, 10)
    const broken = Buffer.from(Telemetry.value.encode(reading(10))).subarray(0, 90)
    driver.push(TelemetryBytes, { key: 'd1', value: broken, timestamp: 10 * MINUTE })
    push(driver, 'd1', 11, 20)
    expect([stats.scored, stats.rejected, stats.waiting(0, 0, 20)]).toEqual([19, 1, 0])
  })

  it('does not take a broken record for progress past those that wait', () => {
    const { driver, stats } = start()
    push(driver, 'd1', 0, 10)
    driver.push(TelemetryBytes, { key: 'd1', value: Buffer.from('broken'), timestamp: 10 * MINUTE })
    expect([stats.scored, stats.rejected, stats.waiting(0, 0, 11)]).toEqual([0, 1, 10])
    driver.push(Models, { key: 'fleet', value: model })
    expect([stats.scored, stats.rejected, stats.waiting(0, 0, 11)]).toEqual([10, 1, 0])
  })

  it('runs the baseline on the same records, in a topic of its own', () => {
    const { driver } = start()
    driver.push(Models, { key: 'fleet', value: model })
    push(driver, 'd1', 0, 50)
    push(driver, 'd1', 50, 60, { cpu_r: 500 })
    expect(driver.read(BaselineAnomalies)[0].value).toMatchObject({ device: 'd1', phase: 'OPENED', causes: [] })
  })

  it('goes on with an open episode after a crash: it is not reported again, and it still closes', () => {
    const { driver } = start()
    driver.push(Models, { key: 'fleet', value: model })
    push(driver, 'd1', 0, 100)
    push(driver, 'd1', 100, 110, GROSS)
    expect(driver.read(Anomalies)).toHaveLength(1)
    driver.commit()
    driver.restart()
    push(driver, 'd1', 110, 130, GROSS)
    expect(driver.read(Anomalies)).toEqual([])
    push(driver, 'd1', 130, 200)
    expect(driver.read(Anomalies).map((a) => a.value!.phase)).toEqual(['CLOSED'])
  })

  it('keeps devices apart', () => {
    const { driver } = start()
    driver.push(Models, { key: 'fleet', value: model })
    for (let row = 0; row < 120; row++) {
      for (const device of ['d1', 'd2', 'd3']) {
        const changes = device === 'd2' && row >= 100 ? GROSS : {}
        driver.push(Telemetry, { key: device, value: reading(row, changes), timestamp: row * MINUTE })
      }
    }
    expect(driver.read(Anomalies).map((a) => a.key)).toEqual(['d2'])
  })
})
