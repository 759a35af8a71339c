import type { DemoProgress, DemoSummary } from '../demo/index.ts'
import { printLine, printTable, progress } from './output.ts'

export interface LiveView {
  show(now: DemoProgress): void
  /** A line that stays, above what is drawn. */
  note(line: string): void
  end(): void
}

const plainEveryS = 5

function lines(now: DemoProgress): string[] {
  const states = Object.entries(now.states).map(([state, count]) => `${state} ${count}`)
  const rate = Math.round(now.recordsPerSecond).toLocaleString('en-US')
  const p99 = now.latencyP99Ms === null ? '-' : `${Math.round(now.latencyP99Ms)} ms`
  return [
    `${now.seconds.toFixed(0).padStart(4)} s  ${now.phase}  ${rate} records/s  in ${now.in}  scored ${now.scored}  waiting ${now.waiting}  rejected ${now.rejected}`,
    `        model ${now.model || '(none yet)'}  anomalies ${now.anomalies} (${now.openEpisodes} open)  record to anomaly p99 ${p99}`,
    `        devices: ${states.join('  ')}`,
    `        ${now.newest}`,
  ]
}

/** A summary that stays in place on a terminal; a line every few seconds elsewhere. */
export function liveView(headless: boolean): LiveView {
  let drawn = 0
  let pageShown = headless
  let nextPlainS = 0
  const columns = () => process.stderr.columns || 120
  const show = (now: DemoProgress) => {
    if (!pageShown && now.pageUrl !== '') {
      pageShown = true
      progress(`page     ${now.pageUrl}`)
    }
    if (process.stderr.isTTY) {
      const text = lines(now).map((line) => `\x1b[2K${line.slice(0, columns() - 1)}`)
      process.stderr.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}${text.join('\n')}\n`)
      drawn = text.length
    } else if (now.seconds >= nextPlainS) {
      nextPlainS = now.seconds + plainEveryS
      progress(lines(now)[0] ?? '')
    }
  }
  const note = (line: string) => {
    if (drawn > 0) process.stderr.write(`\x1b[${drawn}A\x1b[J`)
    drawn = 0
    progress(line)
  }
  return { show, note, end: () => undefined }
}

const percent = (share: number | null) => (share === null ? '-' : `${(100 * share).toFixed(0)} %`)

/** The end of a run for people: what went through, and how well detection did beside the plain detector. */
export function printDetection(summary: DemoSummary): void {
  const { records, detection, latencyMs } = summary
  printLine(
    `${records.in} records in = ${records.scored} scored + ${records.waiting} waiting + ${records.rejected} rejected`,
  )
  printLine(
    `${summary.anomalies} anomalies; record to anomaly p50 ${latencyMs?.p50.toFixed(0) ?? '-'} ms, p99 ${latencyMs?.p99.toFixed(0) ?? '-'} ms`,
  )
  printLine(`models: ${summary.models.map((model) => `${model.id} (scored ${model.scored})`).join(', ')}`)
  printTable(
    ['detector', 'kind of event', 'precision', 'recall', 'median delay'],
    (['millrace', 'maxZ'] as const).flatMap((detector) =>
      (['natural', 'injected', 'all'] as const).map((kind) => {
        const found = detection[detector][kind]
        return [
          detector,
          kind,
          percent(found.precision),
          percent(found.recall),
          found.delayMinutes === null ? '-' : `${found.delayMinutes.median} min`,
        ]
      }),
    ),
  )
}
