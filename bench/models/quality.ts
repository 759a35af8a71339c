/**
 * Scores labelled data sets with the product's detectors, as docs/anomaly-quality.md describes: fitted on each entity's
 * training file, one causal pass over its test file, the same hyper-parameters for all. Writes one CSV per entity for
 * the scorer, and prints what the fixed threshold would have reported.
 *
 *   npx tsx bench/models/quality.ts --data DIR --out DIR [--only a,b]
 *
 * DIR/<set>/{train,test}/<entity>.csv.gz, the test file with a last column `label`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import {
  ALARM_RARITY,
  Episodes,
  fitMaxZ,
  fitPca,
  historyOf,
  PcaDetector,
  scoreMaxZ,
} from '../../processor/models/index.ts'

interface Table {
  readonly values: Float64Array
  readonly labels: Uint8Array
  readonly width: number
  readonly rows: number
}

/** Label events count as found when an episode touches them, or begins at most this many rows after their end. */
const GRACE_ROWS = 10

function read(path: string): Table {
  const lines = gunzipSync(readFileSync(path)).toString().trim().split('\n')
  const names = lines[0].split(',')
  const labelled = names[names.length - 1] === 'label'
  const width = names.length - (labelled ? 1 : 0)
  const rows = lines.length - 1
  const values = new Float64Array(rows * width)
  const labels = new Uint8Array(rows)
  for (let i = 0; i < rows; i++) {
    const fields = lines[i + 1].split(',')
    for (let j = 0; j < width; j++) values[i * width + j] = Number(fields[j])
    if (labelled) labels[i] = Number(fields[width])
  }
  return { values, labels, width, rows }
}

function drive<T>(work: Generator<void, T>): T {
  for (;;) {
    const turn = work.next()
    if (turn.done === true) return turn.value
  }
}

function scoresOf(train: Table, test: Table): { pca: Float64Array; maxz: Float64Array } {
  const history = historyOf(train.width, [train.values])
  const detector = new PcaDetector(drive(fitPca(history)))
  const baseline = drive(fitMaxZ(history))
  const state = detector.createState()
  const pca = new Float64Array(test.rows)
  const maxz = new Float64Array(test.rows)
  for (let i = 0; i < test.rows; i++) {
    pca[i] = detector.score(state, test.values, i * test.width)
    maxz[i] = scoreMaxZ(baseline, test.values.subarray(i * test.width, (i + 1) * test.width))
  }
  return { pca, maxz }
}

/** [first row, last row] of each run of ones. */
function eventsOf(labels: Uint8Array): [number, number][] {
  const events: [number, number][] = []
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 0) continue
    if (i > 0 && labels[i - 1] !== 0) events[events.length - 1][1] = i
    else events.push([i, i])
  }
  return events
}

function operatingPoint(scores: Float64Array, events: readonly [number, number][]): string {
  const episodes: [number, number][] = []
  const tracker = new Episodes()
  const state = Episodes.initial()
  scores.forEach((score, i) => {
    const change = tracker.advance(state, score, ALARM_RARITY, i)
    if (change === 'opened') episodes.push([i, i])
    else if (state.open) episodes[episodes.length - 1][1] = i
  })
  const touches = ([from, to]: [number, number], [start, end]: readonly [number, number]): boolean =>
    from <= end + GRACE_ROWS && to >= start
  const found = events.filter((event) => episodes.some((episode) => touches(episode, event))).length
  const right = episodes.filter((episode) => events.some((event) => touches(episode, event))).length
  return `${found}/${events.length} events, ${right}/${episodes.length} episodes right`
}

function main(): void {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, out: { type: 'string' }, only: { type: 'string' } },
  })
  if (values.data === undefined || values.out === undefined) {
    console.error('usage: npx tsx bench/models/quality.ts --data DIR --out DIR [--only a,b]')
    process.exit(2)
  }
  for (const set of readdirSync(values.data).sort()) {
    const folder = join(values.data, set, 'test')
    if (!existsSync(join(values.data, set, 'train')) || !existsSync(folder)) continue
    for (const file of readdirSync(folder).sort()) {
      const entity = file.replace(/\.csv\.gz$/, '')
      if (values.only !== undefined && !values.only.split(',').includes(entity)) continue
      const test = read(join(folder, file))
      const scores = scoresOf(read(join(values.data, set, 'train', file)), test)
      const events = eventsOf(test.labels)
      for (const [detector, column] of Object.entries(scores)) {
        const out = join(values.out, detector, set)
        mkdirSync(out, { recursive: true })
        writeFileSync(join(out, `${entity}.csv`), `anomaly_score\n${Array.from(column).join('\n')}\n`)
        console.log(`${entity.padEnd(14)} ${detector.padEnd(5)} ${operatingPoint(column, events)}`)
      }
    }
  }
}

main()
