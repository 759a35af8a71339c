/**
 * Training rows: telemetry of one or more sources, each source's rows in time order, packed row-major in one array.
 * Holds what a fit needs and nothing else; the caller bounds it.
 */
export interface History {
  /** `rows * width` values. */
  readonly values: Float64Array
  readonly width: number
  readonly rows: number
  /** First row of each source's run, ascending, beginning with 0: smoothing never runs across sources. */
  readonly starts: readonly number[]
}

/** Joins runs of rows into one history. Every run is row-major and a multiple of `width` long; empty runs are skipped. */
export function historyOf(width: number, runs: readonly Float64Array[]): History {
  let length = 0
  for (const run of runs) {
    if (run.length % width !== 0)
      throw new RangeError(`a run of ${run.length} values is no multiple of ${width} metrics`)
    length += run.length
  }
  const values = new Float64Array(length)
  const starts: number[] = []
  let at = 0
  for (const run of runs) {
    if (run.length === 0) continue
    starts.push(at / width)
    values.set(run, at)
    at += run.length
  }
  return { values, width, rows: length / width, starts }
}
