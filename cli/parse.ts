import { InvalidArgumentError } from 'commander'

/** Parsers of option values; each refuses with a line that commander prefixes with the option's name. */
export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(`a whole number from ${minimum} to ${maximum} was expected.`)
    }
    return value
  }
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `500ms`, `30s`, `5m`, `1h`, in milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  const unit = units[match?.[2] ?? '']
  if (match === null || unit === undefined)
    throw new InvalidArgumentError('a duration like 500ms, 30s, 5m or 1h was expected.')
  return Number(match[1]) * unit
}

/** Collects a repeatable `name=value` option. */
export function keyValue(text: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('name=value was expected.')
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) }
}
