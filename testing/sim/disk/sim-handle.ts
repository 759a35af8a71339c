import { type DiskDone, type DiskFile, ShortWriteError } from '../../../broker/ports/disk.ts'
import { systemError } from './errors.ts'
import type { SimDisk } from './sim-disk.ts'
import type { SimFile } from './tree.ts'

/** An open file of a `SimDisk`. */
export class SimHandle implements DiskFile {
  readonly path: string
  readonly #disk: SimDisk
  readonly #file: SimFile
  readonly #directory: string
  #closed = false

  constructor(disk: SimDisk, path: string, file: SimFile) {
    this.#disk = disk
    this.path = path
    this.#file = file
    this.#directory = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  }

  get size(): number {
    return this.#file.visible.size
  }

  appendSync(buffers: readonly Buffer[]): void {
    const data = buffers.length === 1 ? buffers[0]! : Buffer.concat(buffers)
    const { faults, random } = this.#disk
    const writeSome = (): number => {
      const count = random.below(data.length + 1)
      this.#write(data.subarray(0, count), this.size)
      return count
    }
    this.#enter(`write ${data.length} to`, writeSome)
    if (data.length === 0) return
    if (!faults.takeRoom(data.length)) {
      writeSome()
      throw systemError('ENOSPC', 'write', this.path)
    }
    if (faults.draw('eio-write')) {
      writeSome()
      throw systemError('EIO', 'write', this.path)
    }
    if (faults.draw('short-write')) {
      const count = random.below(data.length)
      this.#write(data.subarray(0, count), this.size)
      // A disk that says nothing is worse than one that does: whoever appends has to look at the size as well.
      if (random.chance(0.5)) return
      throw new ShortWriteError(this.path, data.length, count)
    }
    this.#write(data, this.size)
  }

  readSync(target: Buffer, targetStart: number, length: number, position: number): number {
    this.#enter('read')
    if (this.#disk.faults.draw('eio-read')) throw systemError('EIO', 'read', this.path)
    return this.#file.visible.read(target, targetStart, length, position)
  }

  read(
    target: Buffer,
    targetStart: number,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead: number) => void,
  ): void {
    this.#enter('read-later')
    let count = 0
    const work = (): void => {
      if (this.#disk.faults.draw('eio-read')) throw systemError('EIO', 'read', this.path)
      count = this.#file.visible.read(target, targetStart, length, position)
    }
    this.#disk.complete(this.#disk.readMs(), (error) => done(error, count), work)
  }

  writeAtSync(buffer: Buffer, position: number): void {
    this.#enter('write-at', () => this.#write(buffer.subarray(0, this.#disk.random.below(buffer.length + 1)), position))
    if (this.#disk.faults.draw('eio-write')) throw systemError('EIO', 'write', this.path)
    const growth = Math.max(position + buffer.length - this.size, 0)
    if (!this.#disk.faults.takeRoom(growth)) throw systemError('ENOSPC', 'write', this.path)
    this.#write(buffer, position)
  }

  truncateSync(size: number): void {
    this.#enter(`truncate to ${size}`)
    if (this.#disk.faults.draw('eio-write')) throw systemError('EIO', 'ftruncate', this.path)
    if (size === this.size) return
    if (size < this.size) this.#disk.faults.giveRoom(this.size - size)
    this.#file.resize(size, this.#disk.nextOrder())
    this.#disk.noteChange(this.#directory)
  }

  datasync(done: DiskDone): void {
    this.#enter('fdatasync')
    const order = this.#disk.nextOrder()
    this.#disk.complete(this.#disk.syncMs(), done, () => this.#cover(order))
  }

  datasyncSync(): void {
    this.#enter('fdatasync-now')
    this.#cover(this.#disk.nextOrder())
  }

  closeSync(): void {
    if (this.#closed) return
    this.#closed = true
    this.#disk.closed()
  }

  #enter(call: string, half?: () => void): void {
    if (this.#closed) this.#disk.noteMisuse(`${call} ${this.path}, which is closed`)
    this.#disk.enter(call, this.path, half)
  }

  #write(data: Buffer, position: number): void {
    if (data.length === 0) return
    this.#file.write(data, position, this.#disk.nextOrder())
    this.#disk.noteChange(this.#directory)
  }

  #cover(order: number): void {
    if (!this.#disk.faults.draw('eio-sync')) return this.#file.cover(order)
    this.#file.doom(order)
    throw systemError('EIO', 'fdatasync', this.path)
  }
}
