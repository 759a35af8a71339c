import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** One message as Kafka 4.3 itself wrote it. */
export interface GoldenMessage {
  readonly message: string
  readonly key: number | null
  readonly version: number
  readonly value: Readonly<Record<string, unknown>>
  readonly hex: string
}

/** Reads a fixture of one JSON value a line, gzipped. */
export function readLines<T>(name: string): T[] {
  const file = new URL(`../../fixtures/kafka/${name}.jsonl.gz`, import.meta.url)
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}
