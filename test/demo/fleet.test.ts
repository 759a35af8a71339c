import { describe, expect, it } from 'vitest'
import { Device, MINUTE_MS } from '../../demo/fleet/device.ts'
import { drawFault, FAULT_KINDS, SEVERITIES, spreadOf } from '../../demo/fleet/faults.ts'
import { makeFleet } from '../../demo/fleet/roster.ts'
import { Random } from '../../demo/random.ts'
import type { Sample } from '../../demo/sample.ts'

const METRICS = 5
const ROWS = 2_000

/** A recording whose fourth metric is constant; one labelled event, far from where most tests read. */
function recording(): Sample {
  const random = new Random(4)
  const part = (): Float32Array => {
    const out = new Float32Array(ROWS * METRICS)
    for (let i = 0; i < ROWS; i++) {
      const load = Math.sin(i / 40) + 0.1 * random.gaussian()
      out.set([load, 2 * load + 1, random.gaussian(), 0.25, load * load], i * METRICS)
    }
    return out
  }
  const labels = new Uint8Array(ROWS)
  labels.fill(1, 1_500, 1_521)
  return {
    name: 'test',
    metrics: ['a', 'b', 'c', 'd', 'e'],
    train: part(),
    test: part(),
    trainRows: ROWS,
    testRows: ROWS,
    events: [[1_500, 1_520]],
    labels,
  }
}

const sample = recording()

function device(overrides: Partial<ConstructorParameters<typeof Device>[0]> = {}): Device {
  const spread = spreadOf(sample)
  return new Device({
    name: 'd',
    seed: 11,
    sample,
    spread,
    trainRow: 0,
    warmupReadings: 0,
    testRow: 0,
    faultGapMinutes: 1e9,
    ...overrides,
  })
}

/** Reads for a while: rows, with null for silence. */
function readings(subject: Device, minutes: number, fromMinute = 0): (number[] | null)[] {
  const out = new Float32Array(METRICS)
  return Array.from({ length: minutes }, (_, i) =>
    subject.read((fromMinute + i) * MINUTE_MS, out) ? Array.from(out) : null,
  )
}

/** A device that has just run into a fault of a kind, and the minute after. */
function faulty(kind: string, severity = 'gross'): { subject: Device; minute: number; before: (number[] | null)[] } {
  for (let seed = 1; seed < 2_000; seed++) {
    const subject = device({ seed, faultGapMinutes: 20 })
    const before: (number[] | null)[] = []
    for (let minute = 0; minute < 300; minute++) {
      const [row] = readings(subject, 1, minute)
      if (subject.fault !== undefined) {
        if (subject.fault.kind !== kind || subject.fault.severity !== severity) break
        return { subject, minute: minute + 1, before: [...before, row] }
      }
      before.push(row)
    }
  }
  throw new Error(`no seed gives a ${severity} ${kind}`)
}

describe('a fleet', () => {
  const options = { devices: 12, seed: 5, warmupReadings: 50, faultGapMinutes: 200 }

  it('is the same for the same seed, reading by reading and fault by fault', () => {
    const run = (seed: number): unknown =>
      makeFleet(sample, { ...options, seed }).map((d) => [d.name, readings(d, 400), d.truth])
    expect(run(5)).toEqual(run(5))
    expect(run(5)).not.toEqual(run(6))
  })

  it('names its devices and spreads them over the whole recording', () => {
    const fleet = makeFleet(sample, options)
    expect(fleet.map((d) => d.name)).toContain('device-07')
    const first = fleet.map((d) => readings(d, 1)[0]?.[1])
    expect(new Set(first).size).toBe(fleet.length)
  })

  it('has no faults and no labelled events while it warms up', () => {
    const fleet = makeFleet(sample, { ...options, warmupReadings: 300, faultGapMinutes: 1 })
    for (const subject of fleet) {
      readings(subject, 300)
      expect(subject.truth).toEqual([])
      expect(subject.live).toBe(true)
    }
  })
})

describe('a device', () => {
  it('replays the recording, give or take its character and noise, and leaves constant metrics alone', () => {
    const { deviation } = spreadOf(sample)
    readings(device(), 100).forEach((row, i) => {
      expect(row?.[3]).toBe(0.25)
      for (const j of [0, 1, 2, 4])
        expect(Math.abs(row![j] - sample.test[i * METRICS + j])).toBeLessThan(0.5 * deviation[j])
    })
  })

  it('begins in the training part and goes on in the test part, each at its own row', () => {
    const rows = readings(device({ warmupReadings: 10, trainRow: 100, testRow: 700 }), 11)
    expect(rows[0]![1]).toBeCloseTo(sample.train[100 * METRICS + 1], 0)
    expect(rows[10]![1]).toBeCloseTo(sample.test[700 * METRICS + 1], 0)
  })

  it('knows the labelled events it replays', () => {
    const subject = device({ testRow: 1_490 })
    readings(subject, 60)
    expect(subject.truth).toEqual([
      { device: 'd', kind: 'natural', severity: undefined, fromMs: 10 * MINUTE_MS, toMs: 31 * MINUTE_MS },
    ])
  })

  it('keeps injected faults away from labelled events', () => {
    for (let seed = 1; seed < 40; seed++) {
      const subject = device({ seed, testRow: 1_300, faultGapMinutes: 15 })
      readings(subject, 500)
      for (const truth of subject.truth.filter((t) => t.kind !== 'natural')) {
        const overlaps = truth.fromMs < 221 * MINUTE_MS && truth.toMs > 200 * MINUTE_MS
        expect(overlaps).toBe(false)
      }
    }
  })

  it('is silent during a dropout and while it restarts', () => {
    const { subject, minute, before } = faulty('dropout')
    expect(before.at(-1)).toBeNull()
    expect(readings(subject, 10, minute).every((row) => row === null)).toBe(true)
    expect(subject.obey('RESTART', 1)).toBe(true)
    expect(readings(subject, 6, minute + 10).map((row) => row === null)).toEqual([true, true, true, true, true, false])
    expect(subject.fault).toBeUndefined()
    expect(subject.truth[0].toMs).toBe((minute + 10) * MINUTE_MS)
  })

  it('repeats itself when it is stuck', () => {
    const { subject, minute } = faulty('stuck')
    const [first, second, third] = readings(subject, 3, minute)
    expect(second).toEqual(first)
    expect(third).toEqual(first)
  })

  it('drifts further from the recording with time', () => {
    const { subject, minute } = faulty('drift')
    const [j] = subject.fault!.metrics
    const rows = readings(subject, 100, minute)
    const distance = (i: number): number => Math.abs(rows[i]![j] - sample.test[((minute + i) % ROWS) * METRICS + j])
    const { deviation } = spreadOf(sample)
    expect(distance(90)).toBeGreaterThan(distance(5) + 2 * deviation[j])
  })

  it('spikes by many deviations when gross', () => {
    const { subject, before, minute } = faulty('spike')
    const [j] = subject.fault!.metrics
    expect(Math.abs(before.at(-1)![j] - sample.test[(minute - 1) * METRICS + j])).toBeGreaterThan(
      10 * spreadOf(sample).deviation[j],
    )
  })

  it('breaks correlations without leaving the range of any metric', () => {
    const { subject, minute } = faulty('correlation', 'subtle')
    const { mean, deviation } = spreadOf(sample)
    for (const row of readings(subject, 60, minute)) {
      row!.forEach((x, j) => {
        if (deviation[j] > 0) expect(Math.abs(x - mean[j]) / deviation[j]).toBeLessThan(5)
      })
    }
  })

  it('ends every fault by itself', () => {
    for (const kind of FAULT_KINDS) {
      const { subject, minute } = faulty(kind)
      readings(subject, 1_000, minute)
      expect(subject.truth[0].toMs).toBeLessThan((minute + 1_000) * MINUTE_MS)
    }
  })

  it('comes back as another device elsewhere in the recording when it is replaced', () => {
    const [kept, swapped] = [device(), device()]
    expect(swapped.obey('REPLACE', 1)).toBe(true)
    expect(readings(swapped, 15).every((row) => row === null)).toBe(true)
    readings(kept, 15)
    expect(readings(swapped, 1, 15)[0]![1]).not.toBeCloseTo(readings(kept, 1, 15)[0]![1], 3)
  })

  it('obeys a command once, whatever is delivered again', () => {
    const subject = device()
    expect(subject.obey('RESTART', 2)).toBe(true)
    readings(subject, 5)
    expect(subject.obey('RESTART', 2)).toBe(false)
    expect(subject.obey('RESTART', 1)).toBe(false)
    expect(readings(subject, 1, 5)[0]).not.toBeNull()
  })
})

describe('faults', () => {
  it('come in every kind and severity, and only hit metrics that move', () => {
    const random = new Random(1)
    const spread = spreadOf(sample)
    const seen = new Set<string>()
    for (let i = 0; i < 1_000; i++) {
      const fault = drawFault(random, spread)
      seen.add(`${fault.kind}/${fault.severity}`)
      expect(fault.metrics).not.toContain(3)
      expect(new Set(fault.metrics).size).toBe(fault.metrics.length)
      expect(fault.minutes).toBeGreaterThan(0)
    }
    expect(seen.size).toBe(FAULT_KINDS.length * SEVERITIES.length)
  })
})
