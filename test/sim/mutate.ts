/** Plants bugs in a copy of the log, one at a time, and lets the simulator look for them. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Edit, type Mutant, mutants } from './mutants.ts'
import { UsageError } from './options.ts'
import { sweep } from './sweep.ts'

/** A planted bug must be found within so many seeds. */
const SEEDS_MAX = 200
const COPIED = ['broker', 'proto', 'testing', 'test/sim', 'package.json', 'tsconfig.json']

/** The source with the bug in it. Throws unless the place is there exactly once. */
export function mutated({ file, find, replace }: Edit, source: string): string {
  const places = source.split(find).length - 1
  if (places !== 1) throw new Error(`the place of a mutant is ${places} times in ${file}, not once: ${find}`)
  return source.replace(find, () => replace)
}

/** Runs the named mutants, or all. True when each was killed. */
export async function runMutants(root: string, names: readonly string[]): Promise<boolean> {
  const unknown = names.find((name) => !mutants.some((mutant) => mutant.name === name))
  if (unknown !== undefined)
    throw new UsageError(`no mutant ${unknown}; there are ${mutants.map(({ name }) => name).join(', ')}`)
  const chosen = names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
  const tree = mkdtempSync(join(tmpdir(), 'sim-mutants-'))
  let killed = 0
  try {
    for (const path of COPIED) cpSync(join(root, path), join(tree, path), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
    for (const mutant of chosen) if (await isKilled(tree, mutant)) killed++
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
  console.log(`${killed} of ${chosen.length} mutants killed`)
  return killed === chosen.length
}

async function isKilled(tree: string, mutant: Mutant): Promise<boolean> {
  const edits: Edit[] = mutant.also === undefined ? [mutant] : [mutant, mutant.also]
  const sources = edits.map(({ file }) => readFileSync(join(tree, file), 'utf8'))
  edits.forEach((edit, i) => writeFileSync(join(tree, edit.file), mutated(edit, sources[i])))
  try {
    const { failures } = await sweep({
      from: 1,
      seeds: SEEDS_MAX,
      maxMs: Number.POSITIVE_INFINITY,
      root: tree,
      stopAtFailure: true,
    })
    const [first] = failures
    if (first === undefined) console.log(`SURVIVED ${mutant.name} (${mutant.file}): ${SEEDS_MAX} seeds found nothing`)
    else console.log(`killed ${mutant.name} (${mutant.file}) by seed ${first.seed}: ${first.message.split('\n')[0]}`)
    return first !== undefined
  } finally {
    edits.forEach(({ file }, i) => writeFileSync(join(tree, file), sources[i]))
  }
}
