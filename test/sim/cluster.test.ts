/** A cluster under simulation: every commit sweeps a few seeds. What was once found is a mutant, as seeds do not keep. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { clusterMutants } from './cluster/mutants.ts'
import { runTwice } from './cluster/run.ts'
import { mutated } from './mutants.ts'

const root = join(import.meta.dirname, '../..')
/** Seeds per second that a slow machine manages: the count follows from it, and the count decides. */
const SEEDS_PER_SECOND = 0.5
const seconds = Number(process.env['MILLRACE_SIM_SECONDS'] ?? 20)
const seeds = Math.max(1, Math.round(seconds * SEEDS_PER_SECOND))

async function failureOf(seed: number): Promise<string | null> {
  const { failure } = await runTwice(seed)
  return failure === null
    ? null
    : `seed ${seed} breaks ${failure.message}; npm run sim -- cluster --seed ${seed} --trace`
}

describe('a cluster on a simulated network', () => {
  it(`keeps its promises over ${seeds} seeds of faults, crashes and clients`, {
    timeout: 600_000 + seconds * 20_000,
  }, async () => {
    for (let seed = 1; seed <= seeds; seed++) expect(await failureOf(seed)).toBeNull()
  })
})

describe('the mutants of the cluster', () => {
  it('find each its one place in the source', () => {
    for (const mutant of clusterMutants) {
      for (const edit of [mutant, ...(mutant.also === undefined ? [] : [mutant.also])]) {
        const source = readFileSync(join(root, edit.file), 'utf8')
        expect(mutated(edit, source)).not.toBe(source)
      }
    }
  })
})
