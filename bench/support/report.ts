/** Printing of results: absolute figures for orientation, ratios against a baseline of the same run to judge by. */
import { cpus, release, totalmem } from 'node:os'

/** Everything printed by the benchmark under way, for `bench/RESULTS.md`. */
let printed: string[] = []

function print(line: string): void {
  printed.push(line)
  console.log(line)
}

/** What has been printed since the last call. */
export function takePrinted(): readonly string[] {
  const lines = printed
  printed = []
  return lines
}

export function heading(title: string): void {
  print(`\n## ${title}`)
}

/** The facts that figures depend on; nothing that names the machine. */
export function machine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const system = `${process.platform} ${release().split('-')[0]}`
  return `${cpus().length} x ${cpus()[0]?.model.trim()}, ${memory}, ${system}, Node ${process.version}`
}

export function row(name: string, figures: Readonly<Record<string, string | number>>): void {
  const cells = Object.entries(figures).map(
    ([key, value]) => `${key} ${typeof value === 'number' ? format(value) : value}`,
  )
  print(`${name.padEnd(44)} ${cells.join('  ')}`)
}

/** Aligned columns, the first to the left; readable as it stands. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const text = [head, ...rows].map((cells) => cells.map((cell) => (typeof cell === 'number' ? format(cell) : cell)))
  const widths = head.map((_, column) => Math.max(...text.map((cells) => cells[column]?.length ?? 0)))
  for (const cells of text) {
    print(
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
  }
}

/** A ratio with what it should reach; the run never fails on it, figures of a busy machine are no test. */
export function ratio(name: string, value: number, aim: string): void {
  print(`${name.padEnd(60)} ratio ${value.toFixed(2)}  (aim ${aim})`)
}

export function format(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 100 ? 0 : 2)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}
