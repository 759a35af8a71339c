import { Random } from '../random.ts'
import type { Sample } from '../sample.ts'
import { Device } from './device.ts'
import { spreadOf } from './faults.ts'

export interface RosterOptions {
  readonly devices: number
  readonly seed: number
  readonly warmupReadings: number
  readonly faultGapMinutes: number
}

/** Makes a fleet: places in the recording are spread evenly over it, so that together the devices cover all of it. */
export function makeFleet(sample: Sample, options: RosterOptions): Device[] {
  const { devices, seed, warmupReadings, faultGapMinutes } = options
  const random = new Random(seed)
  const spread = spreadOf(sample)
  const digits = String(devices - 1).length
  return Array.from({ length: devices }, (_, i) => {
    return new Device({
      name: `device-${String(i).padStart(digits, '0')}`,
      seed: random.next(),
      sample,
      spread,
      trainRow: Math.floor((i * sample.trainRows) / devices),
      warmupReadings,
      testRow: Math.floor(((i + random.uniform()) * sample.testRows) / devices) % sample.testRows,
      faultGapMinutes,
    })
  })
}
