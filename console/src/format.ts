/** 12,345 */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** Three significant digits, without an exponent for the sizes that metrics have. */
export function quantity(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1_000 || size < 0.000_1) return value.toPrecision(2)
  return String(Number(value.toPrecision(3)))
}

/** Simulated time: day and minute. */
export function moment(ms: number): string {
  const text = new Date(ms).toISOString()
  return `${text.slice(5, 10)} ${text.slice(11, 16)}`
}

/** 35 min, 4 h 10 min */
export function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 90) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
