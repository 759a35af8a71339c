/** What the guides say that code can check. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createHandlers } from '../../broker/handlers/index.ts'

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8')

describe('docs', () => {
  it('the compatibility guide lists exactly the APIs and versions that are served', () => {
    const listed = [...read('docs/guides/compatibility.md').matchAll(/^\| (\d+) \| (\w+) \| (\d+-\d+) \|$/gm)].map(
      (row) => row.slice(1),
    )
    const served = createHandlers().map(({ api, minVersion, maxVersion }) => [
      String(api.key),
      api.name,
      `${minVersion ?? api.minVersion}-${maxVersion ?? api.maxVersion}`,
    ])
    expect(listed).toEqual(served.sort((a, b) => Number(a[0]) - Number(b[0])))
  })

  it('names no unfinished section', () => {
    for (const page of [
      'README.md',
      'docs/HACKING.md',
      'docs/SKIPPED.md',
      'docs/guides/testing.md',
      'docs/guides/cluster.md',
      'docs/guides/compatibility.md',
    ]) {
      expect(read(page)).not.toMatch(/[A-Z]+-(SECTION|EXAMPLE|TABLE)\b/)
    }
  })
})
