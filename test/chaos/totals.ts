/** What all the scenarios of a run come to. */
import type { AnomalyId } from './judge.ts'
import type { ChaosReport } from './scenario.ts'

const number = (count: number) => count.toLocaleString('en')

/** Anomalies that are counted by name also when there are none. */
const NAMED: readonly (readonly [string, AnomalyId])[] = [
  ['lost', 'P1'],
  ['duplicated', 'P2'],
  ['reordered', 'P5'],
]

export class Totals {
  readonly #faults = new Map<string, number>()
  readonly #anomalies = new Map<AnomalyId, number>()
  #acknowledged = 0
  #refused = 0
  #unknown = 0
  #read = 0
  #longest: ChaosReport['longestSilence'] = { ms: 0, after: null }

  add({ faults, counts, read, longestSilence, anomalies }: ChaosReport): void {
    for (const [kind, count] of Object.entries(faults)) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count)
    for (const { id, count } of anomalies) this.#anomalies.set(id, (this.#anomalies.get(id) ?? 0) + count)
    this.#acknowledged += counts.acknowledged
    this.#refused += counts.refused
    this.#unknown += counts.unknown
    this.#read += read
    if (longestSilence.ms > this.#longest.ms) this.#longest = longestSilence
  }

  lines(): string[] {
    const faults = [...this.#faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${kind}: ${count}`)
    const named = NAMED.map(([word, id]) => `${number(this.#anomalies.get(id) ?? 0)} ${word}`)
    const others = [...this.#anomalies].filter(([id]) => !NAMED.some(([, known]) => known === id))
    const sum = others.reduce((total, [, count]) => total + count, 0)
    const { ms, after } = this.#longest
    return [
      `${number(this.#acknowledged)} records acknowledged, ${number(this.#refused)} refused, ${number(this.#unknown)} unknown; ${number(this.#read)} read`,
      ...(faults.length === 0 ? [] : [`faults injected: ${faults.join(', ')}`]),
      `longest time without an acknowledged record: ${(ms / 1000).toFixed(1)} s${after === null ? '' : ` (${after})`}`,
      `${named.join(', ')}${sum === 0 ? '' : `, ${number(sum)} other anomalies`}`,
    ]
  }
}
