/** Compiles a process of a sweep into one file, which starts at once; with bugs planted in it when there are any. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { type Edit, mutated } from './mutants.ts'

/** Bundles the worker of the tree at `root` into `outfile` (an ES module, `.mjs`). No file of the tree changes. */
export async function compileWorker(root: string, outfile: string, edits: readonly Edit[] = []): Promise<void> {
  const editsOf = (path: string) => edits.filter(({ file }) => join(root, file) === path)
  const bundle = await rolldown({
    input: join(root, 'test/sim/worker.main.ts'),
    platform: 'node',
    logLevel: 'warn',
    plugins: [
      {
        name: 'plant',
        load: (path) => {
          const due = editsOf(path)
          if (due.length === 0) return null
          const code = due.reduce((source, edit) => mutated(edit, source), readFileSync(path, 'utf8'))
          return { code, moduleType: 'ts' }
        },
      },
    ],
  })
  try {
    await bundle.write({ file: outfile, format: 'esm', codeSplitting: false })
  } finally {
    await bundle.close()
  }
}
