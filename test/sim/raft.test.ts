/** The core of the quorum under simulation: every commit sweeps so many seeds. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mutated } from './mutants.ts'
import { raftMutants } from './raft/mutants.ts'
import { runTwice } from './raft/run.ts'

const root = join(import.meta.dirname, '../..')
const SEEDS = 120

describe('the quorum under simulation', () => {
  it(`keeps Raft's promises over ${SEEDS} seeds of faults, snapshots and voters that change`, {
    timeout: 600_000,
  }, () => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { failure, faults } = runTwice(seed)
      const again = `npm run sim -- raft --seed ${seed} --trace`
      expect(failure === null ? null : `seed ${seed} breaks ${failure.message}; ${again}`).toBeNull()
      for (const kind of Object.keys(faults)) seen.add(kind)
    }
    for (const kind of ['voters changed', 'snapshot fetched', 'log cut', 'crash', 'leader-down hint']) {
      expect([...seen]).toContain(kind)
    }
  })
})

describe('the mutants of the quorum', () => {
  it('find each its one place in the source', () => {
    for (const mutant of raftMutants) {
      for (const edit of [mutant, ...(mutant.also === undefined ? [] : [mutant.also])]) {
        const source = readFileSync(join(root, edit.file), 'utf8')
        expect(mutated(edit, source)).not.toBe(source)
      }
    }
  })
})
