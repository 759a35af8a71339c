/** Baseline: one Node thread that reads frames, computes the native CRC-32C, writes them to a file and acknowledges. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32c } from '../../proto/kafka/crc32c.ts'
import { FrameSplitter } from '../../proto/kafka/frame.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-bare-'))
const file = openSync(join(directory, 'log'), 'a')
const reply = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0])
let sum = 0

const server = createServer({ noDelay: true }, (socket) => {
  const splitter = new FrameSplitter(100 * 1024 * 1024)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    const replies: Buffer[] = []
    for (const frame of splitter.push(chunk)) {
      sum ^= crc32c(frame)
      if (writeSync(file, frame) !== frame.length) throw new Error('short write')
      replies.push(reply)
    }
    if (replies.length > 0) socket.write(Buffer.concat(replies))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`ready port=${typeof address === 'object' && address !== null ? address.port : 0}`)
})
process.once('SIGTERM', () => {
  closeSync(file)
  rmSync(directory, { recursive: true, force: true })
  process.exit(sum === 0.5 ? 1 : 0)
})
