import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Random } from '../../../demo/random.ts'
import { scratch } from '../../support/millrace-process.ts'
import { DiskModel } from './disk-model.ts'
import { readTrace } from './trace.ts'

/** The states that fifty power cuts after these calls leave: the names in the directory, each with its contents. */
function statesAfter(files: Readonly<Record<string, string>>, calls: (directory: string) => string[]): Set<string> {
  using directory = scratch()
  const data = join(directory.path, 'data')
  mkdirSync(data)
  const model = new DiskModel(data)
  readTrace(calls(data).join('\n'), model)
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(data, name), contents)
  const states = new Set<string>()
  for (let seed = 0; seed < 50; seed++) {
    const left = join(directory.path, String(seed))
    model.cutPower(left, new Random(seed))
    const files = readdirSync(left).sort()
    states.add(files.map((name) => `${name}=${readFileSync(join(left, name), 'latin1')}`).join(' '))
  }
  return states
}

const create = (d: string, name: string) =>
  `7 openat(AT_FDCWD</>, "${d}/${name}", O_RDWR|O_CREAT, 0644) = 3<${d}/${name}>`
const write = (d: string, name: string, text: string, at: number) =>
  `7 pwrite64(3<${d}/${name}>, "${text}", ${text.length}, ${at}) = ${text.length}`
const sync = (path: string) => `7 fsync(4<${path}>) = 0`

describe('a power cut', () => {
  it('leaves what was synced, name and contents', () => {
    const calls = (d: string) => [create(d, 'a'), write(d, 'a', 'one', 0), sync(`${d}/a`), sync(d)]
    expect(statesAfter({ a: 'one' }, calls)).toEqual(new Set(['a=one']))
  })

  it('may take a name whose directory was not synced', () => {
    const calls = (d: string) => [create(d, 'a'), write(d, 'a', 'one', 0), sync(`${d}/a`)]
    expect(statesAfter({ a: 'one' }, calls)).toEqual(new Set(['', 'a=one']))
  })

  it('may take, leave or tear any write that was not synced, whatever came after it', () => {
    const before = (d: string) => [create(d, 'a'), write(d, 'a', '1', 0), sync(`${d}/a`), sync(d)]
    const calls = (d: string) => [...before(d), write(d, 'a', '22', 1), write(d, 'a', '33', 3)]
    const states = statesAfter({ a: '12233' }, calls)
    for (const state of ['a=1', 'a=122', 'a=12233', 'a=1\0\x0033']) expect(states).toContain(state)
    expect([...states].every((state) => state.startsWith('a=1'))).toBe(true)
  })

  it('keeps what was written before a sync began, and not what was written while it ran', () => {
    const calls = (d: string) => [
      create(d, 'a'),
      sync(d),
      write(d, 'a', '1', 0),
      `8 fdatasync(3<${d}/a> <unfinished ...>`,
      write(d, 'a', '2', 1),
      '8 <... fdatasync resumed>) = 0',
    ]
    expect(statesAfter({ a: '12' }, calls)).toEqual(new Set(['a=1', 'a=12']))
  })

  it('counts no sync that failed or had not returned', () => {
    const failed = (d: string) => [
      create(d, 'a'),
      sync(d),
      write(d, 'a', '1', 0),
      `8 fdatasync(3<${d}/a>) = -1 EIO (Input/output error) (INJECTED)`,
      `8 fdatasync(3<${d}/a> <unfinished ...>`,
    ]
    expect(statesAfter({ a: '1' }, failed)).toEqual(new Set(['a=', 'a=1']))
  })

  it('leaves a renamed file under one of its names, empty when its contents were not synced', () => {
    const calls = (d: string) => [
      create(d, 'a.tmp'),
      sync(d),
      write(d, 'a.tmp', 'new', 0),
      `7 rename("${d}/a.tmp", "${d}/a") = 0`,
    ]
    const states = statesAfter({ a: 'new' }, calls)
    for (const state of ['a.tmp=', 'a=', 'a.tmp=new', 'a=new']) expect(states).toContain(state)
  })

  it('takes the contents that the trace cut short from the file', () => {
    const calls = (d: string) => [
      create(d, 'a'),
      `7 pwritev(3<${d}/a>, [{iov_base="ab"..., iov_len=3}, {iov_base="d", iov_len=1}], 2, 0) = 4`,
      `7 pwrite64(3<${d}/a>, "\\x65\\n\\12"..., 4, 4) = 4`,
      `7 pwrite64(3<${d}/a>, "\\x69\\n\\12\\"", 4, 8) = 4`,
      sync(`${d}/a`),
      sync(d),
    ]
    expect(statesAfter({ a: 'abcdefgh????' }, calls)).toEqual(new Set(['a=abcdefghi\n\n"']))
  })
})
