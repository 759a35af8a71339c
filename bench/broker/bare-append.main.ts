/**
 * Baseline: the best loop of one Node thread that reads frames, computes the native CRC-32C, writes them to a file and
 * acknowledges. Nothing is copied: sockets are read into one buffer, a frame in several pieces has its CRC continued,
 * and all of a read goes to the file in one `writev` and is answered in one write.
 */
import { openSync, writevSync } from 'node:fs'
import { createServer } from 'node:net'
import { receiveShared } from '../../broker/ports/node-receive.ts'
import { crc32c } from '../../proto/kafka/crc32c.ts'

const LENGTH_BYTES = 4
const file = openSync(process.argv[2] as string, 'w')
let fileBytes = 0
const reply = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0])
const replies = Buffer.concat(Array.from({ length: 4096 }, () => reply))
/** Of all frames, so that no checksum can be left out. */
let sums = 0

/** Cuts one connection's stream; returns how many frames the chunk completes, their bytes go to `pieces`. */
function cutter(): (chunk: Buffer, pieces: Buffer[]) => number {
  const length = Buffer.alloc(LENGTH_BYTES)
  let lengthHave = 0
  let missing = 0
  let sum = 0
  return (chunk, pieces) => {
    let frames = 0
    let at = 0
    while (at < chunk.length) {
      if (missing === 0) {
        if (lengthHave === 0 && chunk.length - at >= LENGTH_BYTES) {
          missing = chunk.readInt32BE(at)
          at += LENGTH_BYTES
        } else {
          length[lengthHave++] = chunk[at++] as number
          if (lengthHave < LENGTH_BYTES) continue
          missing = length.readInt32BE(0)
          lengthHave = 0
        }
        sum = 0
        continue
      }
      const piece = chunk.subarray(at, at + Math.min(missing, chunk.length - at))
      sum = crc32c(piece, 0, piece.length, sum)
      pieces.push(piece)
      at += piece.length
      missing -= piece.length
      if (missing > 0) break
      sums ^= sum
      frames += 1
    }
    return frames
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  const cut = cutter()
  const onData = (chunk: Buffer) => {
    const pieces: Buffer[] = []
    const frames = cut(chunk, pieces)
    if (pieces.length > 0) fileBytes += writevSync(file, pieces, fileBytes)
    if (frames > 0) socket.write(replies.subarray(0, frames * reply.length))
  }
  socket.on('error', () => socket.destroy())
  if (!receiveShared(socket, onData)) socket.on('data', onData)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`ready port=${typeof address === 'object' && address !== null ? address.port : 0}`)
})
process.once('SIGTERM', () => process.exit(sums === 0.5 ? 1 : 0))
