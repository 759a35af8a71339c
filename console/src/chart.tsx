import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Line {
  readonly label: string
  /** Name of a CSS custom property, e.g. `--accent`. */
  readonly color: string
  readonly fill?: boolean
  readonly dash?: readonly number[]
}

/** A stretch of the x axis to shade. */
export type Band = readonly [from: number, to: number]

interface ChartProps {
  /** x in seconds since the epoch, then one column per line. */
  readonly data: readonly (readonly (number | null)[])[]
  readonly lines: readonly Line[]
  readonly bands?: readonly Band[]
  readonly height: number
  readonly format: (value: number) => string
  /** x is wall-clock time of the viewer, not simulated time in UTC. */
  readonly local?: boolean
  readonly theme: string
  readonly from0?: boolean
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

function shade(plot: uPlot, bands: readonly Band[]): void {
  const { ctx } = plot
  const { left, top, width, height } = plot.bbox
  ctx.save()
  ctx.beginPath()
  ctx.rect(left, top, width, height)
  ctx.clip()
  ctx.fillStyle = css('--alarm-soft')
  for (const [from, to] of bands) {
    const x = plot.valToPos(from, 'x', true)
    const end = Number.isFinite(to) ? plot.valToPos(to, 'x', true) : left + width
    ctx.fillRect(x, top, Math.max(2, end - x), height)
  }
  ctx.restore()
}

function axisStyle(): uPlot.Axis {
  return {
    stroke: css('--muted'),
    grid: { stroke: css('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  }
}

/** Times of day; the day as well where a new one begins, and seconds when they matter. */
function clock(splits: readonly number[], local: boolean): string[] {
  const isFine = splits.length > 1 && splits[1]! - splits[0]! < 60
  return splits.map((seconds, i) => {
    const at = new Date(seconds * 1_000)
    const text = local ? at.toLocaleTimeString('en-GB') : at.toISOString().slice(11, 19)
    const before = splits[i - 1]
    const isNewDay = !local && (before === undefined || Math.floor(before / 86_400) !== Math.floor(seconds / 86_400))
    return `${isNewDay ? `${at.toISOString().slice(5, 10)} ` : ''}${isFine ? text : text.slice(0, 5)}`
  })
}

/** A line chart over time that follows its data. */
export function Chart(props: ChartProps) {
  const { data, lines, bands = [], height, format, local = false, theme, from0 = false } = props
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const shaded = useRef(bands)
  shaded.current = bands
  const shape = lines.map((line) => `${line.label}${line.color}`).join()
  useEffect(() => {
    const element = host.current!
    const options: uPlot.Options = {
      width: element.clientWidth,
      height,
      legend: { show: false },
      cursor: { y: false, points: { size: 6 } },
      padding: [8, 8, 0, 0],
      ...(local ? {} : { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1_000), 'UTC') }),
      scales: from0 ? { y: { range: (_, __, max) => [0, Math.max(max * 1.08, 1)] } } : {},
      axes: [
        { ...axisStyle(), size: 28, space: 80, values: (_, splits) => clock(splits, local) },
        { ...axisStyle(), size: 52, values: (_, splits) => splits.map(format) },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          label: line.label,
          stroke: css(line.color),
          width: 1.5,
          points: { show: false },
          ...(line.fill === true ? { fill: css(`${line.color}-soft`) } : {}),
          ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
        })),
      ],
      hooks: { drawClear: [(self) => shade(self, shaded.current)] },
    }
    const made = new uPlot(options, data as uPlot.AlignedData, element)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [shape, theme, height])
  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data])
  return <div class="chart" ref={host} />
}
