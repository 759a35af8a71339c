import type { Api } from './api.ts'
import { writeRequestHeader, writeResponseHeader } from './header.ts'
import { WireError } from './wire-error.ts'
import { Writer } from './writer.ts'

/**
 * Kafka's framing: an int32 length, then that many bytes. Splitting keeps no more memory than bytes have arrived: the
 * length a peer claims is checked against a ceiling and never allocated ahead.
 */

const LENGTH_BYTES = 4

/** Chunks below this are packed together while their frame is incomplete. */
const SMALL_CHUNK_BYTES = 4096
const PACK_BYTES = 8192
const EMPTY = Buffer.alloc(0)

/** Cuts a stream of socket chunks into frames. After a `WireError` the connection is lost: close it. */
export class FrameSplitter {
  readonly #maxFrameBytes: number
  /** Bytes that wait for the rest of their frame. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Bytes the present frame takes with its length; 0 while the length itself is not there. */
  #wantedBytes = 0
  /** Memory that small chunks are packed into, and the part of it in use, which is the last of `#waiting`. */
  #packMemory = EMPTY
  #packed = EMPTY
  #packedBytes = 0

  /** `maxFrameBytes` is the ceiling of one frame, its length field not counted. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Bytes held back until their frame is whole. */
  get bufferedBytes(): number {
    return this.#waitingBytes
  }

  /**
   * Takes a chunk and returns the frames it completes, without their lengths. A frame within one chunk is a slice of
   * it; one that spans several is copied together. Throws `WireError` for a negative length or one above the ceiling.
   */
  push(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = []
    let rest = chunk
    if (this.#waitingBytes > 0) {
      rest = this.#fill(chunk, frames)
      if (this.#waitingBytes > 0) return frames
    }
    let position = 0
    while (rest.length - position >= LENGTH_BYTES) {
      const end = position + LENGTH_BYTES + this.#frameLength(rest, position)
      if (end > rest.length) break
      frames.push(rest.subarray(position + LENGTH_BYTES, end))
      position = end
    }
    if (position < rest.length) this.#keep(position === 0 ? rest : rest.subarray(position))
    return frames
  }

  /** Completes the frame that waits, as far as the chunk goes; returns what is left of the chunk. */
  #fill(chunk: Buffer, frames: Buffer[]): Buffer {
    let rest = chunk
    if (this.#wantedBytes === 0) {
      const missing = LENGTH_BYTES - this.#waitingBytes
      this.#keep(rest.subarray(0, missing))
      rest = rest.subarray(missing)
      if (this.#wantedBytes === 0) return rest
    }
    const missing = this.#wantedBytes - this.#waitingBytes
    if (rest.length < missing) {
      if (rest.length > 0) this.#keep(rest)
      return rest
    }
    frames.push(Buffer.concat([...this.#waiting, rest.subarray(0, missing)], this.#wantedBytes).subarray(LENGTH_BYTES))
    this.#waiting = []
    this.#waitingBytes = 0
    this.#wantedBytes = 0
    return rest.subarray(missing)
  }

  #keep(bytes: Buffer): void {
    this.#waitingBytes += bytes.length
    if (bytes.length >= SMALL_CHUNK_BYTES) this.#waiting.push(bytes)
    else this.#pack(bytes)
    if (this.#wantedBytes > 0 || this.#waitingBytes < LENGTH_BYTES) return
    const head = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting)
    this.#wantedBytes = LENGTH_BYTES + this.#frameLength(head, 0)
  }

  /** Copies a small chunk behind the one before, so that a peer who drips bytes does not cost an object for each. */
  #pack(bytes: Buffer): void {
    const last = this.#waiting.length - 1
    if (last >= 0 && this.#waiting[last] === this.#packed && this.#packedBytes + bytes.length <= PACK_BYTES) {
      bytes.copy(this.#packMemory, this.#packedBytes)
      this.#packedBytes += bytes.length
    } else {
      this.#packMemory = Buffer.allocUnsafeSlow(PACK_BYTES)
      bytes.copy(this.#packMemory)
      this.#packedBytes = bytes.length
      this.#waiting.push(EMPTY)
    }
    this.#packed = this.#packMemory.subarray(0, this.#packedBytes)
    this.#waiting[this.#waiting.length - 1] = this.#packed
  }

  #frameLength(buffer: Buffer, position: number): number {
    const length = buffer.readInt32BE(position)
    if (length >= 0 && length <= this.#maxFrameBytes) return length
    const text = buffer.toString('latin1', position, position + LENGTH_BYTES)
    const hint = /^[A-Z]{3}[A-Z ]$/.test(text) ? ', which looks like HTTP' : ''
    throw new WireError(`a frame of ${length} bytes, ${this.#maxFrameBytes} allowed${hint}`)
  }
}

/** A whole request as parts for one gathered write, its length in front. */
export function frameRequest<Req>(
  api: Api<Req, unknown>,
  apiVersion: number,
  correlationId: number,
  clientId: string | null,
  message: Req,
): Buffer[] {
  const writer = new Writer()
  writer.int32(0)
  writeRequestHeader(writer, api, apiVersion, correlationId, clientId)
  api.writeRequest(writer, message, apiVersion)
  return finishFrame(writer)
}

/** A whole response as parts for one gathered write, its length in front. */
export function frameResponse<Res>(
  api: Api<unknown, Res>,
  apiVersion: number,
  correlationId: number,
  message: Res,
): Buffer[] {
  const writer = new Writer()
  writer.int32(0)
  writeResponseHeader(writer, api, apiVersion, correlationId)
  api.writeResponse(writer, message, apiVersion)
  return finishFrame(writer)
}

function finishFrame(writer: Writer): Buffer[] {
  const length = writer.size - LENGTH_BYTES
  const parts = writer.finish()
  Writer.patchInt32(parts, length)
  return parts
}
