/**
 * Reading sockets into one buffer that all of them share. Node gives every read a fresh 64 KiB, and at a gigabyte a second
 * that alone costs a third of the processor: V8 collects the whole heap for each 64 MB of such memory (measured: 118 full
 * collections for 1.3 GB produced, 5 with this). `net.Socket` has `onread` for it, but offers it to outgoing connections
 * only; for accepted ones the same switch is set here. Where a version of Node lacks it, 'data' serves as well.
 */
import type { Socket } from 'node:net'

/** Bytes of one read. Larger ones do not fill (measured). */
const RECEIVE_BYTES = 128 * 1024

/**
 * The memory behind it: never touched beyond the first part, and so never resident. Its size says that a slice is a loan:
 * whoever keeps slices copies those that would pin more than twice their size (DESIGN 2.7).
 */
const BACKING_BYTES = 8 * 1024 * 1024

let shared: Buffer | null = null

interface UserBufferHandle {
  useUserBuffer(buffer: Uint8Array): void
}

/**
 * Calls `onData` with a slice of the shared buffer that is valid during the call only; where `target` names a buffer after a
 * call, the next read goes there instead. False: this Node cannot, nothing was changed, use 'data'.
 */
export function receiveShared(
  socket: Socket,
  onData: (chunk: Buffer) => void,
  target: () => Buffer | null = () => null,
): boolean {
  const handle = (socket as unknown as { _handle?: Partial<UserBufferHandle> | null })._handle
  const symbols = new Map(Object.getOwnPropertySymbols(socket).map((symbol) => [symbol.description, symbol]))
  const [buffer, callback, next] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) => symbols.get(name))
  if (buffer === undefined || callback === undefined || next === undefined) return false
  if (typeof handle?.useUserBuffer !== 'function') return false
  shared ??= Buffer.allocUnsafeSlow(BACKING_BYTES).subarray(0, RECEIVE_BYTES)
  const common = shared
  let current = common
  const fields = socket as unknown as Record<symbol, unknown>
  fields[buffer] = common
  fields[callback] = (bytes: number) => {
    onData(current.subarray(0, bytes))
    return true
  }
  // Undefined leaves the buffer as it is.
  fields[next] = () => {
    const wanted = target() ?? common
    if (wanted === current) return undefined
    current = wanted
    return wanted
  }
  handle.useUserBuffer(common)
  return true
}
