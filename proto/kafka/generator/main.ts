import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { loadSchemas } from './load.ts'
import { emitAll } from './module.ts'

/**
 * `npm run generate`: writes `proto/kafka/generated/` from the definitions in `proto/kafka/schema/`. With `--check`
 * nothing is written, and any difference is named and ends the process with code 1.
 */

const folder = new URL('../generated/', import.meta.url)

function differences(output: ReadonlyMap<string, string>): string[] {
  const present = existsSync(folder) ? readdirSync(folder) : []
  const stale = present.filter((file) => !output.has(file))
  const changed = [...output].filter(([file, source]) => !present.includes(file) || read(file) !== source)
  return [...stale, ...changed.map(([file]) => file)].toSorted((a, b) => (a < b ? -1 : 1))
}

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8')
}

function write(output: ReadonlyMap<string, string>, files: readonly string[]): void {
  mkdirSync(folder, { recursive: true })
  for (const file of files) {
    const source = output.get(file)
    if (source === undefined) unlinkSync(new URL(file, folder))
    else writeFileSync(new URL(file, folder), source)
  }
}

const output = emitAll(await loadSchemas())
const changed = differences(output)
if (!process.argv.includes('--check')) {
  write(output, changed)
  process.stderr.write(`${output.size} files, ${changed.length} changed\n`)
} else if (changed.length > 0) {
  process.stderr.write(`generated code differs, run \`npm run generate\`: ${changed.join(', ')}\n`)
  process.exitCode = 1
}
