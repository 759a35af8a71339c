/** Compiles a process of a sweep into one file, which starts at once; with bugs planted in it when there are any. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { type Edit, mutated } from './mutants.ts'

/** Bundles the worker of the tree at `root` into `outfile` (an ES module, `.mjs`). No file of the tree changes. */
export async function compileWorker(root: string, outfile: string, edits: readonly Edit[] = []): Promise<void> {
  const edited = new Map(edits.map((edit) => [join(root, edit.file), edit]))
  const bundle = await rolldown({
    input: join(root, 'test/sim/worker.main.ts'),
    platform: 'node',
    logLevel: 'warn',
    plugins: [
      {
        name: 'plant',
        load: (path) => {
          const edit = edited.get(path)
          return edit === undefined ? null : { code: mutated(edit, readFileSync(path, 'utf8')), moduleType: 'ts' }
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
