/**
 * Baseline: the best group commit of one Node thread. All frames of a turn go to their file in one `writev`; one fdatasync a
 * file is in flight; whoever it covers is answered when it has ended. `argv[2]`: a directory; `argv[3]`: how many files the
 * connections share, in turns.
 */
import { fdatasync, openSync, writevSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { FrameSplitter } from '../../proto/kafka/frame.ts'

const reply = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0])

class SyncedFile {
  private readonly fd: number
  private bytes = 0
  private queued: Buffer[] = []
  /** Who waits for what is queued or written since the sync in flight began; one entry a frame. */
  private waiting: Socket[] = []
  private scheduled = false
  private syncing = false

  constructor(path: string) {
    this.fd = openSync(path, 'w')
  }

  add(frame: Buffer, socket: Socket): void {
    this.queued.push(frame)
    this.waiting.push(socket)
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => this.endTurn())
  }

  private endTurn(): void {
    this.scheduled = false
    this.bytes += writevSync(this.fd, this.queued, this.bytes)
    this.queued = []
    if (!this.syncing) this.sync()
  }

  private sync(): void {
    const covered = this.waiting
    // Frames that are queued and not written go with the next one.
    this.waiting = this.queued.length > 0 ? covered.splice(covered.length - this.queued.length) : []
    this.syncing = true
    fdatasync(this.fd, (error) => {
      if (error !== null) throw error
      this.syncing = false
      answer(covered)
      if (this.waiting.length > this.queued.length) this.sync()
    })
  }
}

/** One write a connection. */
function answer(sockets: readonly Socket[]): void {
  const counts = new Map<Socket, number>()
  for (const socket of sockets) counts.set(socket, (counts.get(socket) ?? 0) + 1)
  for (const [socket, count] of counts)
    socket.write(count === 1 ? reply : Buffer.concat(Array.from({ length: count }, () => reply)))
}

const [directory = '', fileCount = '1'] = process.argv.slice(2)
const files = Array.from({ length: Number(fileCount) }, (_, index) => new SyncedFile(join(directory, `log-${index}`)))
let connections = 0

const server = createServer({ noDelay: true }, (socket) => {
  const splitter = new FrameSplitter(100 * 1024 * 1024)
  const file = files[connections++ % files.length] as SyncedFile
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    for (const frame of splitter.push(chunk)) file.add(frame, socket)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`ready port=${typeof address === 'object' && address !== null ? address.port : 0}`)
})
process.once('SIGTERM', () => process.exit(0))
