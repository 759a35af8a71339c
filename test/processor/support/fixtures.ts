import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One of the tables of expected results in test/fixtures/streams. */
export function streamsFixture<T>(name: string): T {
  const path = join(import.meta.dirname, '../../fixtures/streams', name)
  return JSON.parse(readFileSync(path, 'utf8')) as T
}
