/** Printing of results: absolute figures for orientation, ratios against a baseline of the same run to judge by. */
import { cpus, totalmem } from 'node:os'

export function heading(title: string): void {
  console.log(`\n## ${title}`)
}

export function machine(): string {
  return `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
}

export function row(name: string, figures: Readonly<Record<string, string | number>>): void {
  const cells = Object.entries(figures).map(
    ([key, value]) => `${key} ${typeof value === 'number' ? format(value) : value}`,
  )
  console.log(`${name.padEnd(44)} ${cells.join('  ')}`)
}

/** A ratio with what it should reach; the run never fails on it, figures of a busy machine are no test. */
export function ratio(name: string, value: number, aim: string): void {
  console.log(`${name.padEnd(44)} ratio ${value.toFixed(2)}  (aim ${aim})`)
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
