import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'

describe('the command line of the simulator', () => {
  it('takes a sweep, a seed or the mutants', () => {
    const sweep = { kind: 'sweep', world: 'log', from: 7, seeds: 5 }
    expect(parseOptions(['log', '--seeds', '5', '--from', '7'])).toMatchObject(sweep)
    expect(parseOptions(['cluster'])).toMatchObject({ kind: 'sweep', world: 'cluster', from: 1, seeds: 500 })
    expect(parseOptions(['cluster'])).toMatchObject({ twiceEvery: 1 })
    expect(parseOptions(['cluster', '--twice-every', '10'])).toMatchObject({ twiceEvery: 10 })
    const seed = { kind: 'seed', world: 'cluster', seed: 9, trace: true }
    expect(parseOptions(['cluster', '--seed', '9', '--trace'])).toEqual(seed)
    const mutants = { kind: 'mutants', world: 'cluster', names: ['a', 'b'], seeds: 5 }
    expect(parseOptions(['cluster', '--mutants', 'a', 'b', '--seeds', '5'])).toEqual(mutants)
  })

  it.each([
    [[]],
    [['disk']],
    [['log', '--seed', 'x']],
    [['log', '--seeds']],
    [['log', '--twice-every', '0']],
    [['log', '--fast']],
    [['log', '--trace']],
    [['log', '--mutants', '--from', '3']],
    [['log', 'a']],
  ])('refuses %j in one line', (args) => {
    expect(() => parseOptions(args)).toThrow(/^[^\n]+$/)
  })
})
