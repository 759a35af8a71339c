import { describe, expect, it } from 'vitest'
import { directoryView } from '../../../broker/log/directory-view.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { memoryDisk } from './harness.ts'

const DIRECTORY = '/data/t-0'
const bytes = (text: string) => Buffer.from(text)

/** A directory with two files, the view of it, and what the disk is asked for. */
function viewed(): { disk: Disk; view: Disk; asked: string[] } {
  const { disk } = memoryDisk()
  disk.mkdirSync(DIRECTORY)
  disk.replaceSync(`${DIRECTORY}/a`, bytes('1'))
  disk.replaceSync(`${DIRECTORY}/b`, bytes('2'))
  const asked: string[] = []
  const watched: Disk = Object.assign(Object.create(disk) as Disk, {
    listSync: (path: string) => {
      asked.push(`list ${path}`)
      return disk.listSync(path)
    },
    readFileSync: (path: string) => {
      asked.push(`read ${path}`)
      return disk.readFileSync(path)
    },
    existsSync: (path: string) => {
      asked.push(`exists ${path}`)
      return disk.existsSync(path)
    },
    replaceSync: disk.replaceSync.bind(disk),
    renameSync: disk.renameSync.bind(disk),
    unlinkSync: disk.unlinkSync.bind(disk),
    openSync: disk.openSync.bind(disk),
  })
  return { disk, view: directoryView(watched, DIRECTORY), asked }
}

describe('a view of a directory', () => {
  it('lists it once and reads a file once, however often it is asked', () => {
    const { view, asked } = viewed()
    for (let i = 0; i < 3; i++) {
      expect(view.listSync(DIRECTORY)).toEqual(['a', 'b'])
      expect([view.existsSync(`${DIRECTORY}/a`), view.existsSync(`${DIRECTORY}/c`)]).toEqual([true, false])
      expect(view.readFileSync(`${DIRECTORY}/a`)).toEqual(bytes('1'))
    }
    expect(asked).toEqual([`list ${DIRECTORY}`, `read ${DIRECTORY}/a`])
  })

  it('knows nothing of what is not in the directory itself', () => {
    const { view, asked } = viewed()
    expect(view.existsSync('/data')).toBe(true)
    expect(view.existsSync(`${DIRECTORY}/deeper/a`)).toBe(false)
    expect(asked).toEqual(['exists /data', `exists ${DIRECTORY}/deeper/a`])
  })

  const changes: readonly [string, (view: Disk) => void, readonly string[], string][] = [
    ['a file replaced', (view) => view.replaceSync(`${DIRECTORY}/a`, bytes('3')), ['a', 'b'], '3'],
    ['a file renamed over another', (view) => view.renameSync(`${DIRECTORY}/b`, `${DIRECTORY}/a`), ['a'], '2'],
    ['a file removed', (view) => view.unlinkSync(`${DIRECTORY}/b`), ['a'], '1'],
    ['a file made', (view) => view.openSync(`${DIRECTORY}/c`, { create: true }).closeSync(), ['a', 'b', 'c'], '1'],
    ['a file written to', (view) => view.openSync(`${DIRECTORY}/a`).writeAtSync(bytes('4'), 0), ['a', 'b'], '4'],
  ]
  for (const [what, change, names, content] of changes) {
    it(`sees ${what} through it`, () => {
      const { view } = viewed()
      view.listSync(DIRECTORY)
      view.readFileSync(`${DIRECTORY}/a`)
      change(view)
      expect(view.listSync(DIRECTORY)).toEqual(names)
      expect(view.readFileSync(`${DIRECTORY}/a`)).toEqual(bytes(content))
    })
  }
})
