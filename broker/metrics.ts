/** Counters, gauges and histograms, rendered as Prometheus text by the HTTP door. */
import { METRIC_SERIES_MAX } from './limits.ts'

export interface Metrics {
  counter(name: string, help: string, labels?: Labels): Counter
  /** `read` is called at each rendering. A second gauge of the same name and labels replaces the first. */
  gauge(name: string, help: string, read: () => number, labels?: Labels): void
  histogram(name: string, help: string, bucketsMs: readonly number[], labels?: Labels): Histogram
  /** Prometheus text exposition format 0.0.4. */
  render(): string
}

export type Labels = Readonly<Record<string, string>>

export interface Counter {
  readonly value: number
  add(count: number): void
}

export interface Histogram {
  observe(value: number): void
}

class PlainCounter implements Counter {
  value = 0

  add(count: number): void {
    this.value += count
  }
}

class BucketHistogram implements Histogram {
  readonly bounds: readonly number[]
  readonly counts: Float64Array
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length)
  }

  observe(value: number): void {
    this.sum += value
    this.count += 1
    const { bounds } = this
    for (let index = 0; index < bounds.length; index += 1) {
      if (value <= (bounds[index] ?? 0)) {
        this.counts[index] = (this.counts[index] ?? 0) + 1
        return
      }
    }
  }
}

interface GaugeSource {
  read: () => number
}

type Series = PlainCounter | GaugeSource | BucketHistogram

interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** By rendered label set, without braces. */
  readonly series: Map<string, Series>
}

const escapeValue = (value: string) => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')

function labelText(labels: Labels | undefined): string {
  if (labels === undefined) return ''
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeValue(value)}"`)
    .join(',')
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}

/** The registry of one broker. Names and label names are ours; label values may come from clients and are escaped. */
export class MetricsRegistry implements Metrics {
  private readonly families = new Map<string, Family>()

  counter(name: string, help: string, labels?: Labels): Counter {
    return this.series(name, help, 'counter', labels, () => new PlainCounter()) as PlainCounter
  }

  gauge(name: string, help: string, read: () => number, labels?: Labels): void {
    const gauge = this.series(name, help, 'gauge', labels, () => ({ read })) as GaugeSource
    gauge.read = read
  }

  histogram(name: string, help: string, bucketsMs: readonly number[], labels?: Labels): Histogram {
    return this.series(name, help, 'histogram', labels, () => new BucketHistogram(bucketsMs)) as BucketHistogram
  }

  render(): string {
    const lines: string[] = []
    for (const [name, family] of this.families) {
      lines.push(
        `# HELP ${name} ${family.help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`,
        `# TYPE ${name} ${family.type}`,
      )
      for (const [labels, series] of family.series) renderSeries(lines, name, labels, series)
    }
    return `${lines.join('\n')}\n`
  }

  private series(
    name: string,
    help: string,
    type: Family['type'],
    labels: Labels | undefined,
    create: () => Series,
  ): Series {
    let family = this.families.get(name)
    if (family === undefined) {
      family = { type, help, series: new Map() }
      this.families.set(name, family)
    }
    if (family.type !== type) throw new Error(`metric ${name} is a ${family.type}, not a ${type}`)
    let key = labelText(labels)
    let found = family.series.get(key)
    if (found !== undefined) return found
    if (family.series.size >= METRIC_SERIES_MAX && labels !== undefined) {
      key = labelText(Object.fromEntries(Object.keys(labels).map((label) => [label, 'other'])))
      found = family.series.get(key)
      if (found !== undefined) return found
    }
    const created = create()
    family.series.set(key, created)
    return created
  }
}

function renderSeries(lines: string[], name: string, labels: string, series: Series): void {
  const braces = labels === '' ? '' : `{${labels}}`
  if (series instanceof PlainCounter) {
    lines.push(`${name}${braces} ${number(series.value)}`)
  } else if (series instanceof BucketHistogram) {
    const prefix = labels === '' ? '' : `${labels},`
    let cumulative = 0
    series.bounds.forEach((bound, index) => {
      cumulative += series.counts[index] ?? 0
      lines.push(`${name}_bucket{${prefix}le="${number(bound)}"} ${number(cumulative)}`)
    })
    lines.push(`${name}_bucket{${prefix}le="+Inf"} ${number(series.count)}`)
    lines.push(`${name}_sum${braces} ${number(series.sum)}`, `${name}_count${braces} ${number(series.count)}`)
  } else {
    lines.push(`${name}${braces} ${number(series.read())}`)
  }
}
