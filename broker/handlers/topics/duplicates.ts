/** Items that a request names more than once: Kafka refuses them, and nothing is done for any of their copies. */
export function duplicatesOf(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) twice.add(name)
    else seen.add(name)
  }
  return twice
}
