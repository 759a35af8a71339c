/** Baseline: one Node thread that answers each frame with the next bytes of a file: `argv[2]` is its path, `argv[3]` how many. */
import { fstatSync, openSync, read } from 'node:fs'
import { createServer } from 'node:net'
import { FrameSplitter } from '../../proto/kafka/frame.ts'

const file = openSync(process.argv[2] ?? '', 'r')
const bytes = Number(process.argv[3])
const chunks = Math.floor(fstatSync(file).size / bytes)
const head = Buffer.alloc(4)
head.writeInt32BE(bytes)

const server = createServer({ noDelay: true }, (socket) => {
  const splitter = new FrameSplitter(1024 * 1024)
  const free: Buffer[] = []
  let waiting = 0
  let next = 0
  let reading = false
  const pump = () => {
    if (reading || waiting === 0) return
    reading = true
    waiting--
    const buffer = free.pop() ?? Buffer.allocUnsafeSlow(bytes)
    read(file, buffer, 0, bytes, (next++ % chunks) * bytes, (error) => {
      if (error !== null) throw error
      reading = false
      socket.write(head)
      socket.write(buffer, () => free.push(buffer))
      pump()
    })
  }
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    for (const _frame of splitter.push(chunk)) waiting++
    pump()
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`ready port=${typeof address === 'object' && address !== null ? address.port : 0}`)
})
process.once('SIGTERM', () => process.exit(0))
