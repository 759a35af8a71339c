/** One suite for the real disk and its twin in memory: what the log relies on. */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DirectoryLockedError, type Disk, type DiskDone } from '../../../broker/ports/disk.ts'
import { MemoryDisk } from '../../../broker/ports/memory-disk.ts'
import { NodeDisk } from '../../../broker/ports/node-disk.ts'

const temporary: string[] = []
afterAll(() => {
  for (const path of temporary) rmSync(path, { recursive: true, force: true })
})

const disks: [string, () => { disk: Disk; root: string }][] = [
  [
    'NodeDisk',
    () => {
      const root = mkdtempSync(join(tmpdir(), 'disk-'))
      temporary.push(root)
      return { disk: new NodeDisk(), root }
    },
  ],
  [
    'MemoryDisk',
    () => {
      const disk = new MemoryDisk((fn) => setImmediate(fn))
      disk.mkdirSync('/root')
      return { disk, root: '/root' }
    },
  ],
]

function completed(work: (done: DiskDone) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())))
}

describe.each(disks)('%s', (_name, make) => {
  it('appends many buffers and reads them back at any place', () => {
    const { disk, root } = make()
    const file = disk.openSync(`${root}/f`, { create: true })
    const parts = Array.from({ length: 3000 }, (_, i) => Buffer.from(`part ${i};`.repeat(1 + (i % 20))))
    file.appendSync(parts.slice(0, 1500))
    file.appendSync(parts.slice(1500))
    const whole = Buffer.concat(parts)
    expect(file.size).toBe(whole.length)
    expect(disk.sizeSync(`${root}/f`)).toBe(whole.length)
    for (const [at, length] of [
      [0, 10],
      [whole.length - 5, 5],
      [65_530, 20],
      [1234, 100_000],
    ]) {
      const target = Buffer.alloc(length + 3)
      expect(file.readSync(target, 3, length, at)).toBe(length)
      expect(target.subarray(3).equals(whole.subarray(at, at + length))).toBe(true)
    }
    expect(file.readSync(Buffer.alloc(10), 0, 10, whole.length - 4)).toBe(4)
    expect(file.readSync(Buffer.alloc(10), 0, 10, whole.length + 4)).toBe(0)
    file.closeSync()
    expect(disk.readFileSync(`${root}/f`).equals(whole)).toBe(true)
  })

  it('overwrites in place, truncates, and grows with zeros', () => {
    const { disk, root } = make()
    const file = disk.openSync(`${root}/f`, { create: true })
    file.appendSync([Buffer.from('hello world')])
    file.writeAtSync(Buffer.from('HELL'), 0)
    file.writeAtSync(Buffer.from('!!'), 20)
    expect(disk.readFileSync(`${root}/f`).toString('latin1')).toBe(`HELLo world${'\0'.repeat(9)}!!`)
    file.truncateSync(4)
    file.appendSync([Buffer.from('O')])
    expect([String(disk.readFileSync(`${root}/f`)), file.size]).toEqual(['HELLO', 5])
    file.closeSync()
  })

  it('completes reads and syncs in a later turn, also when the file is closed meanwhile', async () => {
    const { disk, root } = make()
    const file = disk.openSync(`${root}/f`, { create: true })
    file.appendSync([Buffer.alloc(100_000, 7)])
    const target = Buffer.alloc(100_000)
    let early = true
    const all = Promise.all([
      completed((done) => file.datasync(done)),
      completed((done) =>
        file.read(target, 0, 100_000, 0, (error, count) => {
          expect([early, count]).toEqual([false, 100_000])
          done(error)
        }),
      ),
    ])
    file.closeSync()
    early = false
    await all
    expect(target.every((byte) => byte === 7)).toBe(true)
  })

  it('knows what is there', () => {
    const { disk, root } = make()
    disk.mkdirSync(`${root}/a/b`)
    disk.replaceSync(`${root}/a/z`, Buffer.from('1'))
    disk.replaceSync(`${root}/a/y`, Buffer.from('22'), { sync: false })
    expect(disk.listSync(`${root}/a`)).toEqual(['b', 'y', 'z'])
    expect(disk.listSync(`${root}/none`)).toEqual([])
    expect([disk.existsSync(`${root}/a/b`), disk.existsSync(`${root}/a/y`), disk.existsSync(`${root}/a/x`)]).toEqual([
      true,
      true,
      false,
    ])
    expect([disk.sizeSync(`${root}/a/y`), disk.sizeSync(`${root}/a/x`)]).toEqual([2, -1])
    expect(() => disk.openSync(`${root}/a/x`)).toThrow(/ENOENT/)
    expect(() => disk.readFileSync(`${root}/a/x`)).toThrow(/ENOENT/)
    expect(() => disk.unlinkSync(`${root}/a/x`)).toThrow(/ENOENT/)
    expect(() => disk.openSync(`${root}/none/x`, { create: true })).toThrow(/ENOENT/)
  })

  it('replaces a file whole', () => {
    const { disk, root } = make()
    for (const text of ['first', 'a longer second', 'x', '']) {
      disk.replaceSync(`${root}/f`, Buffer.from(text))
      expect(String(disk.readFileSync(`${root}/f`))).toBe(text)
    }
    expect(disk.listSync(root)).toEqual(['f'])
  })

  it('renames and removes files and trees', async () => {
    const { disk, root } = make()
    disk.mkdirSync(`${root}/t/deep`)
    disk.replaceSync(`${root}/t/f`, Buffer.from('1'))
    disk.replaceSync(`${root}/t/deep/g`, Buffer.from('2'))
    const open = disk.openSync(`${root}/t/f`)
    disk.renameSync(`${root}/t`, `${root}/u`)
    disk.renameSync(`${root}/u/f`, `${root}/u/h`)
    expect([disk.listSync(root), disk.listSync(`${root}/u`), disk.listSync(`${root}/u/deep`)]).toEqual([
      ['u'],
      ['deep', 'h'],
      ['g'],
    ])
    disk.unlinkSync(`${root}/u/h`)
    const target = Buffer.alloc(1)
    expect(open.readSync(target, 0, 1, 0)).toBe(1)
    open.closeSync()
    await completed((done) => disk.unlink(`${root}/u/deep/g`, done))
    expect(disk.listSync(`${root}/u/deep`)).toEqual([])
    await expect(completed((done) => disk.unlink(`${root}/u/none`, done))).rejects.toThrow(/ENOENT/)
    await completed((done) => disk.removeTree(`${root}/u`, done))
    expect(disk.listSync(root)).toEqual([])
    disk.mkdirSync(`${root}/v/w`)
    disk.removeTreeSync(`${root}/v`)
    expect(disk.existsSync(`${root}/v`)).toBe(false)
  })

  it('syncs directories', async () => {
    const { disk, root } = make()
    disk.syncDirectorySync(root)
    await completed((done) => disk.syncDirectory(root, done))
    await expect(completed((done) => disk.syncDirectory(`${root}/none`, done))).rejects.toThrow(/ENOENT/)
  })

  it('locks a directory against a second owner', () => {
    const { disk, root } = make()
    const lock = disk.lockSync(root)
    expect(() => disk.lockSync(root)).toThrow(DirectoryLockedError)
    lock.release()
    lock.release()
    disk.lockSync(root).release()
    expect(disk.listSync(root)).toEqual([])
  })
})

describe('NodeDisk alone', () => {
  function newRoot(): string {
    const root = mkdtempSync(join(tmpdir(), 'disk-'))
    temporary.push(root)
    return root
  }

  /** Another process that takes the lock, says so, and waits to be killed. */
  async function lockElsewhere(root: string): Promise<{ pid: number; kill: () => Promise<void> }> {
    const script = `
      import { NodeDisk } from ${JSON.stringify(join(import.meta.dirname, '../../../broker/ports/node-disk.ts'))}
      new NodeDisk().lockSync(${JSON.stringify(root)})
      console.log('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
    return {
      pid: child.pid!,
      kill: () => {
        child.kill('SIGKILL')
        return exited
      },
    }
  }

  it('a lock of another process holds, and is gone with kill -9', async () => {
    const root = newRoot()
    const other = await lockElsewhere(root)
    const before = readdirSync(root)
    expect(before).toHaveLength(1)
    expect(() => new NodeDisk().lockSync(root)).toThrow(`${root} is in use by process ${other.pid}`)
    expect(readdirSync(root)).toEqual(before)
    await other.kill()
    const lock = new NodeDisk().lockSync(root)
    expect(readdirSync(root)).toHaveLength(1)
    lock.release()
    expect(readdirSync(root)).toEqual([])
  })

  it('a lock file whose pid has come round to another process does not hold', () => {
    const root = newRoot()
    writeFileSync(join(root, `.lock.${process.ppid}.12345-00000000`), '')
    writeFileSync(join(root, '.lock.nonsense'), '')
    new NodeDisk().lockSync(root).release()
    expect(readdirSync(root)).toEqual([])
  })

  it('a closed file gives its descriptor back', () => {
    const root = newRoot()
    const disk = new NodeDisk()
    const lowest = () => {
      const fd = openSync(root, 'r')
      closeSync(fd)
      return fd
    }
    const before = lowest()
    for (let i = 0; i < 50; i++) {
      const file = disk.openSync(join(root, 'f'), { create: true })
      file.closeSync()
      file.closeSync()
    }
    expect(lowest()).toBe(before)
  })
})
