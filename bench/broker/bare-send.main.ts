/** Baseline: one Node thread that answers each frame with the same bytes from memory. `argv[2]` is their number. */
import { createServer } from 'node:net'
import { FrameSplitter } from '../../proto/kafka/frame.ts'

const payload = Buffer.alloc(Number(process.argv[2]), 1)
const head = Buffer.alloc(4)
head.writeInt32BE(payload.length)

const server = createServer({ noDelay: true }, (socket) => {
  const splitter = new FrameSplitter(1024 * 1024)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    socket.cork()
    for (const _frame of splitter.push(chunk)) {
      socket.write(head)
      socket.write(payload)
    }
    socket.uncork()
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`ready port=${typeof address === 'object' && address !== null ? address.port : 0}`)
})
process.once('SIGTERM', () => process.exit(0))
