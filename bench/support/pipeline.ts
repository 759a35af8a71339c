/** A client that keeps a window of prepared frames in flight on one connection and counts length-prefixed replies. */
import { connect, type Socket } from 'node:net'

export interface PipelineResult {
  readonly frames: number
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly seconds: number
}

export interface PipelineOptions {
  readonly port: number
  /** The n-th frame as parts; parts may be shared between frames. */
  readonly frame: (index: number) => readonly Buffer[]
  readonly frames: number
  readonly inFlight: number
  /** Looks at the head of each reply; throw to stop the run. At least 4 bytes of length and what arrived with them. */
  readonly check?: (head: Buffer) => void
}

export async function pipeline(options: PipelineOptions): Promise<PipelineResult> {
  const socket = await open(options.port)
  try {
    return await run(socket, options)
  } finally {
    socket.destroy()
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

function run(socket: Socket, options: PipelineOptions): Promise<PipelineResult> {
  return new Promise((resolve, reject) => {
    let sent = 0
    let sentBytes = 0
    let answered = 0
    let receivedBytes = 0
    /** Bytes still missing of the reply under way, and of its length field when that came in pieces. */
    let missing = 0
    let head = Buffer.alloc(0)
    const begun = performance.now()
    const fill = () => {
      socket.cork()
      while (sent < options.frames && sent - answered < options.inFlight) {
        for (const part of options.frame(sent)) {
          sentBytes += part.length
          socket.write(part)
        }
        sent++
      }
      socket.uncork()
    }
    socket.once('error', reject)
    socket.once('close', () =>
      reject(new Error(`the connection closed after ${answered} of ${options.frames} replies`)),
    )
    socket.on('data', (chunk) => {
      receivedBytes += chunk.length
      let rest = chunk
      try {
        while (rest.length > 0) {
          if (missing > 0) {
            const taken = Math.min(missing, rest.length)
            missing -= taken
            rest = rest.subarray(taken)
          } else {
            head = head.length === 0 ? rest : Buffer.concat([head, rest])
            if (head.length < 4) return
            options.check?.(head)
            missing = head.readInt32BE(0)
            rest = head.subarray(4)
            head = Buffer.alloc(0)
            if (missing > 0) continue
          }
          if (missing === 0) answered++
        }
      } catch (error) {
        reject(error as Error)
        return
      }
      if (answered === options.frames) {
        resolve({ frames: answered, sentBytes, receivedBytes, seconds: (performance.now() - begun) / 1000 })
        return
      }
      fill()
    })
    fill()
  })
}
