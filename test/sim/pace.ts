/** How fast the time of simulated worlds passes. */

export interface Pace {
  /** Time that passed in the worlds, the second runs of seeds included (ms). */
  readonly simulatedMs: number
  /** Records that were acknowledged in it. */
  readonly records: number
  /** What the processor spent on it: every thread of the process, collecting garbage and compiling included (ms). */
  readonly cpuMs: number
}

export const NO_PACE: Pace = { simulatedMs: 0, records: 0, cpuMs: 0 }

export function added(a: Pace, b: Pace): Pace {
  return { simulatedMs: a.simulatedMs + b.simulatedMs, records: a.records + b.records, cpuMs: a.cpuMs + b.cpuMs }
}

/** As in `102 simulated seconds per second of processor time at 1337 acknowledged records per simulated second`. */
export function described({ simulatedMs, records, cpuMs }: Pace): string {
  const speed = (simulatedMs / cpuMs).toFixed(0)
  const load = ((records * 1000) / simulatedMs).toFixed(0)
  return `${speed} simulated seconds per second of processor time at ${load} acknowledged records per simulated second`
}
