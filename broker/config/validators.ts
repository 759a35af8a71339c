/** Kafka's validators of option values, with Kafka's words: clients show them to people. */

export type ConfigValue = string | number | boolean | readonly string[] | null

export interface Validator {
  /** As Kafka prints it in its documentation, e.g. `[0,...]`. */
  readonly text: string
  /** Null when the value is fine, else Kafka's whole message. `shown` is the value in Kafka's text form. */
  check(name: string, value: ConfigValue, shown: string): string | null
}

/** "Invalid value V for configuration N: reason", as Java's ConfigException words it. */
export function invalidValue(name: string, shown: string, reason: string): string {
  return `Invalid value ${shown} for configuration ${name}: ${reason}`
}

export function atLeast(minimum: number): Validator {
  return {
    text: `[${minimum},...]`,
    check: (name, value, shown) =>
      typeof value === 'number' && value < minimum
        ? invalidValue(name, shown, `Value must be at least ${minimum}`)
        : null,
  }
}

export function between(minimum: number, maximum: number): Validator {
  const lower = atLeast(minimum)
  return {
    text: `[${minimum},...,${maximum}]`,
    check: (name, value, shown) =>
      typeof value === 'number' && value > maximum
        ? invalidValue(name, shown, `Value must be no more than ${maximum}`)
        : lower.check(name, value, shown),
  }
}

/** A range, or one value outside it that means "the default". */
export function betweenOr(minimum: number, maximum: number, special: number): Validator {
  return {
    text: `[${minimum},...,${maximum}] or ${special}`,
    check: (name, value, shown) =>
      typeof value === 'number' && value !== special && (value < minimum || value > maximum)
        ? invalidValue(name, shown, `Value must be between ${minimum} and ${maximum} or equal to ${special}`)
        : null,
  }
}

export function oneOf(...allowed: readonly string[]): Validator {
  return {
    text: `[${allowed.join(', ')}]`,
    check: (name, value, shown) =>
      typeof value === 'string' && !allowed.includes(value)
        ? invalidValue(name, shown, `String must be one of: ${allowed.join(', ')}`)
        : null,
  }
}

/** As `oneOf`, whatever the case of the letters. */
export function oneOfIgnoreCase(...allowed: readonly string[]): Validator {
  return {
    text: `(case insensitive) [${allowed.join(', ')}]`,
    check: (name, value, shown) =>
      typeof value === 'string' && !allowed.includes(value.toUpperCase())
        ? invalidValue(name, shown, `String must be one of (case insensitive): ${allowed.join(', ')}`)
        : null,
  }
}

/** A list of the allowed words, each at most once; empty unless `allowed` is all there may be. */
export function listOf(...allowed: readonly string[]): Validator {
  return {
    text: `[${allowed.join(', ')}]`,
    check(name, value) {
      if (!Array.isArray(value)) return null
      const words: readonly string[] = value
      if (words.includes('')) return `Configuration '${name}' values must not be empty.`
      if (new Set(words).size !== words.length) return `Configuration '${name}' values must not be duplicated.`
      const stranger = words.find((word) => !allowed.includes(word))
      if (stranger === undefined) return null
      return invalidValue(name, stranger, `String must be one of: ${allowed.join(', ')}`)
    },
  }
}

/** `*`, or partition:broker pairs (replication throttles). */
export const throttledReplicas: Validator = {
  text: '[partitionId]:[brokerId],[partitionId]:[brokerId],...',
  check(name, value) {
    if (!Array.isArray(value)) return null
    const words: readonly string[] = value
    const pairs = words.every((word) => /^\d+:\d+$/.test(word))
    if (pairs || (words.length === 1 && words[0] === '*')) return null
    const reason = `${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`
    return invalidValue(name, `[${words.join(', ')}]`, reason)
  },
}
