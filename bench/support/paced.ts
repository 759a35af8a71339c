/** A client that sends at a given rate, whatever the answers do, and measures how long each takes from when it was due. */
import { connect, type Socket } from 'node:net'

export interface PacedOptions {
  readonly port: number
  readonly frame: Buffer
  readonly perSecond: number
  /** Asked before each frame is sent: false ends the run. */
  readonly goOn: () => boolean
}

/** Milliseconds from when each frame should have been sent to its answer, rising. Answers are smaller than 64 KB. */
export async function paced(options: PacedOptions): Promise<readonly number[]> {
  const socket = await open(options.port)
  try {
    return await run(socket, options)
  } finally {
    socket.destroy()
  }
}

/** The value that this share of the rising values is not above. */
export function quantile(rising: readonly number[], share: number): number {
  return rising[Math.min(rising.length - 1, Math.floor(rising.length * share))] ?? Number.NaN
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

function run(socket: Socket, { frame, perSecond, goOn }: PacedOptions): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const took: number[] = []
    let sent = 0
    let unread = Buffer.alloc(0)
    const dueAt = (index: number) => begun + (index * 1000) / perSecond
    const finish = () => {
      clearInterval(timer)
      resolve(took.sort((a, b) => a - b))
    }
    let isEnding = false
    const timer = setInterval(() => {
      try {
        isEnding ||= !goOn()
      } catch (error) {
        reject(error as Error)
        return clearInterval(timer)
      }
      for (; !isEnding && dueAt(sent) <= performance.now(); sent++) socket.write(frame)
      if (isEnding && took.length === sent) finish()
    }, 1)
    socket.once('error', reject)
    socket.on('data', (chunk) => {
      unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk])
      while (unread.length >= 4 && unread.length >= 4 + unread.readInt32BE(0)) {
        took.push(performance.now() - dueAt(took.length))
        unread = unread.subarray(4 + unread.readInt32BE(0))
      }
    })
  })
}
