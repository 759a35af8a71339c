import { describe, expect, it } from 'vitest'
import type { Anomaly } from '../../demo/messages.ts'
import { buildSessions } from '../../demo/sessions/topology.ts'
import { Anomalies, Commands, Scores, Sessions } from '../../demo/topics.ts'
import { type TestDriver, testDriver } from '../../processor/testing/driver.ts'

const MINUTE = 60_000

function sign(driver: TestDriver, device: string, minute: number): void {
  const value = {
    device,
    atMs: minute * MINUTE,
    score: 1,
    threshold: 3.5,
    modelVersion: 1,
    inEpisode: false,
    sequence: minute,
  }
  driver.push(Scores, { key: device, value, timestamp: minute * MINUTE })
}

function anomaly(
  driver: TestDriver,
  device: string,
  minute: number,
  phase: Anomaly['phase'],
  openedMinute = minute,
): void {
  const openedAtMs = openedMinute * MINUTE
  const causes = ['disk_q', 'disk_r', 'cpu_r'].map((metric) => ({
    metric,
    share: 0.3,
    value: 1,
    expected: 0,
    deviation: 9,
    repeats: 0,
  }))
  const value: Anomaly = {
    device,
    phase,
    episode: `${device}/${openedAtMs}`,
    openedAtMs,
    atMs: minute * MINUTE,
    score: 5,
    threshold: 3.5,
    model: 'fleet@1',
    modelVersion: 1,
    causes,
    records: 1,
    partition: 0,
    offset: 0,
    sentAtMs: 0,
  }
  driver.push(Anomalies, { key: device, value, timestamp: minute * MINUTE })
}

/** Signs of life of all devices every ten minutes, so that event time goes on. */
function alive(driver: TestDriver, devices: readonly string[], from: number, to: number): void {
  for (let minute = from; minute <= to; minute += 10) for (const device of devices) sign(driver, device, minute)
  driver.advance('1s')
}

const states = (driver: TestDriver) => driver.read(Sessions).map((s) => `${s.key} ${s.value!.state}`)

describe('the session topology', () => {
  it('publishes each device once when it is first heard, and nothing while all is well', () => {
    const driver = testDriver(buildSessions())
    alive(driver, ['d1', 'd2'], 0, 300)
    expect(states(driver)).toEqual(['d1 HEALTHY', 'd2 HEALTHY'])
    expect(driver.read(Commands)).toEqual([])
  })

  it('restarts the device whose episode lasts, and says why', () => {
    const driver = testDriver(buildSessions())
    alive(driver, ['d1', 'd2'], 0, 50)
    states(driver)
    anomaly(driver, 'd1', 55, 'OPENED')
    alive(driver, ['d1', 'd2'], 60, 100)
    expect(states(driver)).toEqual(['d1 SUSPECT', 'd1 RECOVERING'])
    const commands = driver.read(Commands)
    expect(commands.map((c) => c.value)).toEqual([
      { device: 'd1', action: 'RESTART', atMs: 70 * MINUTE, reason: 'disk_q, disk_r', number: 1 },
    ])
    anomaly(driver, 'd1', 101, 'CLOSED', 55)
    alive(driver, ['d1', 'd2'], 110, 300)
    expect(states(driver).at(-1)).toBe('d1 HEALTHY')
  })

  it('notices a device that falls silent while the others go on', () => {
    const driver = testDriver(buildSessions())
    alive(driver, ['d1', 'd2'], 0, 50)
    alive(driver, ['d2'], 60, 200)
    expect(states(driver)).toEqual(['d1 HEALTHY', 'd2 HEALTHY', 'd1 SUSPECT', 'd1 RECOVERING'])
    expect(driver.read(Commands)[0].value).toMatchObject({ device: 'd1', action: 'RESTART', reason: 'silent' })
  })

  it('survives a kill: state and timers come back from the changelog, and no command is numbered twice', () => {
    const driver = testDriver(buildSessions())
    alive(driver, ['d1', 'd2'], 0, 50)
    anomaly(driver, 'd1', 55, 'OPENED')
    alive(driver, ['d1', 'd2'], 60, 60)
    states(driver)
    driver.commit()
    driver.restart()
    alive(driver, ['d1', 'd2'], 70, 250)
    expect(states(driver)).toEqual(['d1 RECOVERING', 'd1 REPLACED', 'd1 SUSPECT'])
    expect(driver.read(Commands).map((c) => [c.value!.action, c.value!.number])).toEqual([
      ['RESTART', 1],
      ['REPLACE', 2],
    ])
  })
})
