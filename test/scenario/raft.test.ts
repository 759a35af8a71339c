/**
 * Plays every scenario of `raft/*.txt` and compares it with what the file says should come of it. After a change of
 * behaviour that is meant, `REWRITE_SCENARIOS=1 npx vitest run test/scenario` writes the files anew: read the diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseScenarios, play, renderScenarios } from './raft/scenario.ts'

const folder = new URL('raft/', import.meta.url)
const rewrite = process.env['REWRITE_SCENARIOS'] === '1'

for (const file of readdirSync(folder).filter((each) => each.endsWith('.txt'))) {
  describe(file.replace('.txt', ''), () => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const scenarios = parseScenarios(text)
    if (rewrite) {
      const intro = text.slice(0, Math.max(0, text.search(/^== /m)))
      const played = scenarios.map((scenario) => ({ ...scenario, lines: play(scenario) }))
      writeFileSync(new URL(file, folder), renderScenarios(intro, played))
    }
    for (const scenario of scenarios) {
      it(scenario.title, () => {
        expect(play(scenario).join('\n')).toBe((rewrite ? play(scenario) : scenario.lines).join('\n'))
      })
    }
    it('says what comes of every scenario', () => {
      for (const { title, lines } of scenarios) {
        expect(
          lines.some((line) => !line.startsWith('>') && !line.startsWith('#')),
          title,
        ).toBe(true)
      }
    })
  })
}
