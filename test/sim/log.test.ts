/** The log under simulation: every commit sweeps so many seeds. What was once found is a mutant, as seeds do not keep. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runTwice } from './log/run.ts'
import { mutants, mutated } from './mutants.ts'

const root = join(import.meta.dirname, '../..')
/** Seeds per second that a slow machine manages: the count follows from it, and the count decides. */
const SEEDS_PER_SECOND = 30
const seconds = Number(process.env['MILLRACE_SIM_SECONDS'] ?? 20)
const seeds = Math.round(seconds * SEEDS_PER_SECOND)

function failureOf(seed: number): string | null {
  const { failure } = runTwice(seed)
  return failure === null ? null : `seed ${seed} breaks ${failure.message}; npm run sim -- log --seed ${seed} --trace`
}

describe('the log on a simulated disk', () => {
  it(`keeps its promises over ${seeds} seeds of faults, crashes and clients`, {
    timeout: 600_000 + seconds * 20_000,
  }, () => {
    for (let seed = 1; seed <= seeds; seed++) expect(failureOf(seed)).toBeNull()
  })
})

describe('the mutants', () => {
  it('find each its one place in the source', () => {
    for (const mutant of mutants) {
      for (const edit of [mutant, ...(mutant.also === undefined ? [] : [mutant.also])]) {
        const source = readFileSync(join(root, edit.file), 'utf8')
        expect(mutated(edit, source)).not.toBe(source)
      }
    }
  })
})
