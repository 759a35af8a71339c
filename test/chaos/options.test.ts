import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'
import type { Scenario } from './scenario.ts'

function scenario(name: string): Scenario {
  return { name, about: '', skip: () => null, run: () => Promise.reject(new Error('not run')) }
}

const suites = { disk: [scenario('kill'), scenario('full')] }

describe('the options of a chaos run', () => {
  it('are a suite, and by default all of its scenarios once', () => {
    const { scenarios, minutes, short, bin } = parseOptions(['disk'], suites)
    expect([scenarios.map(({ name }) => name), minutes, short, bin]).toEqual([['kill', 'full'], 0, false, null])
  })

  it('choose scenarios, seed and time', () => {
    const args = ['disk', '--scenario', 'full', '--seed', '7', '--minutes', '0.5', '--short']
    const { scenarios, seed, minutes, short } = parseOptions(args, suites)
    expect([scenarios.map(({ name }) => name), seed, minutes, short]).toEqual([['full'], 7, 0.5, true])
  })

  it('go on with the scenario that is made for it when there is time to fill, unless others are named', () => {
    const all = { cluster: [scenario('kill'), { ...scenario('mixed'), isEndless: true }] }
    const names = (...args: string[]) => parseOptions(['cluster', ...args], all).scenarios.map(({ name }) => name)
    expect(names()).toEqual(['kill', 'mixed'])
    expect(names('--minutes', '5')).toEqual(['mixed'])
    expect(names('--minutes', '5', '--scenario', 'kill')).toEqual(['kill'])
  })

  it.each([
    [[], /a suite was expected \(disk\)/],
    [['toString'], /no suite toString; there are: disk/],
    [['disk', 'cluster'], /not also cluster/],
    [['disk', '--scenario', 'fall'], /no scenario fall; there are: kill, full/],
    [['disk', '--seed', '1.5'], /--seed must be a whole number, not "1.5"/],
    [['disk', '--seed', '-1'], /--seed/],
    [['disk', '--minutes', 'many'], /--minutes must be a number from 0 to 1440, not "many"/],
    [['disk', '--minutes', ''], /--minutes/],
    [['disk', '--hurry'], /--hurry/],
  ])('are refused in one line: %j', (args, message) => {
    expect(() => parseOptions(args, suites)).toThrow(message)
    expect(() => parseOptions(args, suites)).not.toThrow(/\n/)
  })
})
