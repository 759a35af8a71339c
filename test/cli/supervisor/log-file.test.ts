import { closeSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from '../../../cli/supervisor/log-file.ts'

const BYTES_MAX = 100

let directory: string
let path: string
let log: LogFile
let descriptor: number
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-log-file-'))
  path = join(directory, 'broker-1.log')
  log = new LogFile(path, BYTES_MAX)
  descriptor = log.open()
})
afterEach(() => {
  closeSync(descriptor)
  rmSync(directory, { recursive: true, force: true })
})

const long = (letter: string) => `${letter.repeat(BYTES_MAX)}\n`
const old = () => readFileSync(`${path}.1`, 'utf8')
const now = () => readFileSync(path, 'utf8')

describe('the log file of a supervised broker', () => {
  it('is left alone while it is small', () => {
    writeSync(descriptor, 'one line\n')
    log.rotate()
    expect(now()).toBe('one line\n')
    expect(existsSync(`${path}.1`)).toBe(false)
  })

  it('becomes the old file when it is large, and the process that has it open writes on in an empty one', () => {
    writeSync(descriptor, long('a'))
    log.rotate()
    writeSync(descriptor, 'next\n')
    expect([old(), now()]).toEqual([long('a'), 'next\n'])
  })

  it('has one old file: an older one goes', () => {
    for (const letter of ['a', 'b', 'c']) {
      writeSync(descriptor, long(letter))
      log.rotate()
    }
    expect([old(), now()]).toEqual([long('c'), ''])
  })

  it('is also looked at when a process starts', () => {
    writeSync(descriptor, long('a'))
    closeSync(descriptor)
    descriptor = log.open()
    expect([old(), now()]).toEqual([long('a'), ''])
  })

  it('is gone on with when it cannot be kept', () => {
    rmSync(path)
    log.rotate()
    expect(existsSync(`${path}.1`)).toBe(false)
  })

  it('tells the last words of the newest process only, also after it was emptied', () => {
    writeSync(descriptor, 'first process\n')
    closeSync(descriptor)
    descriptor = log.open()
    expect(log.tail()).toBe('')
    writeSync(descriptor, 'second process\n')
    expect(log.tail()).toBe('second process\n')
    writeSync(descriptor, long('a'))
    log.rotate()
    writeSync(descriptor, 'dying\n')
    expect(log.tail()).toBe('dying\n')
    writeFileSync(path, 'x'.repeat(5000))
    expect(log.tail()).toHaveLength(2000)
  })
})
