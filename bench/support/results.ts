/** bench/RESULTS.md: a section for each benchmark between markers, written by the run itself. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine, takePrinted } from './report.ts'

const file = join(import.meta.dirname, '..', 'RESULTS.md')

/** Puts what has been printed in place of the section `name`, or at the end when there is none. */
export function writeResults(name: string, isQuick: boolean): void {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`]
  const command = `npm run bench -- ${name}${isQuick ? ' --quick' : ''} --write`
  const body = takePrinted().join('\n').trim()
  const facts = `${new Date().toISOString().slice(0, 10)}, ${machine()}`
  const section = `${begin}\n## ${name}\n\n\`${command}\`: ${facts}\n\n\`\`\`text\n${body}\n\`\`\`\n${end}\n`
  const text = readFileSync(file, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  const isThere = from >= 0 && to > from
  const before = isThere ? text.slice(0, from) : `${text.trimEnd()}\n\n`
  const after = isThere ? text.slice(to + end.length + 1) : ''
  writeFileSync(file, before + section + after)
}
