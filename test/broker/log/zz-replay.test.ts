import { it } from 'vitest'
import { World } from './model.test.ts'
it('replay', () => {
  const cmds = [{"kind":"append","count":5,"valueBytes":300,"codec":0},{"kind":"append","count":3,"valueBytes":300,"codec":0},{"kind":"append","count":4,"valueBytes":0,"codec":0},{"kind":"flush"},{"kind":"sync"},{"kind":"append","count":5,"valueBytes":300,"codec":0},{"kind":"turn"},{"kind":"append","count":4,"valueBytes":9000,"codec":3},{"kind":"append","count":1,"valueBytes":0,"codec":0},{"kind":"append","count":4,"valueBytes":300,"codec":0},{"kind":"sync"},{"kind":"turn"},{"kind":"power-cut"},{"kind":"append","count":1,"valueBytes":0,"codec":0},{"kind":"retention"},{"kind":"power-cut"},{"kind":"flush"}]
  const w = new World(723454442, 0)
  for (const c of cmds) {
    console.log(JSON.stringify(c), w.memory.listSync('/data/t-0').map((n) => `${n}:${w.memory.sizeSync('/data/t-0/' + n)}`).join(' '), 'end', w.log.logEndOffset, 'dur', w.log.durableEndOffset, 'mark', JSON.stringify(w.memory.existsSync('/data/t-0/durable-end') ? w.memory.readFileSync('/data/t-0/durable-end').toString('hex') : null))
    w.run(c as never)
    if (c.kind === 'power-cut') console.log(JSON.stringify(w.log.recovery))
  }
})
