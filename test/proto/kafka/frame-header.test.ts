import { describe, expect, it } from 'vitest'
import { FrameSplitter, frameRequest, frameResponse } from '../../../proto/kafka/frame.ts'
import { ApiVersions, apisByKey, Metadata, Produce, SaslHandshake } from '../../../proto/kafka/generated/apis.ts'
import {
  peekCorrelationId,
  readRequestHeader,
  readResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../../proto/kafka/header.ts'
import { Reader, WireError } from '../../../proto/kafka/reader.ts'
import { fillDefaults } from '../../../proto/kafka/schema/fill.ts'
import { readRequestHeader as readGolden } from '../../../proto/kafka/generated/headers.ts'
import { fc } from './property.ts'

/** The body of the only frame in these parts. */
function bodyOf(parts: readonly Buffer[]): Buffer {
  const frames = new FrameSplitter(1 << 20).push(Buffer.concat(parts))
  expect(frames).toHaveLength(1)
  return frames[0]!
}

describe('request and response headers', () => {
  it('flexible versions have header 2 and 1, others 1 and 0', () => {
    expect([requestHeaderVersion(Metadata, 8), requestHeaderVersion(Metadata, 9)]).toEqual([1, 2])
    expect([responseHeaderVersion(Metadata, 8), responseHeaderVersion(Metadata, 9)]).toEqual([0, 1])
    expect(requestHeaderVersion(SaslHandshake, 1)).toBe(1)
  })

  it('the response header of ApiVersions is version 0, also where the body is flexible (W1)', () => {
    for (let version = 0; version <= 4; version++) expect(responseHeaderVersion(ApiVersions, version)).toBe(0)
    const message = ApiVersions.readResponse(new Reader(Buffer.from([0, 0, 1, 0, 0, 0, 0, 0])), 3)
    const body = bodyOf(frameResponse(ApiVersions, 3, 7, message))
    expect(body.subarray(0, 7).toString('hex')).toBe('00000007000001')
  })

  it('an ApiVersions error in version 0 is what a client of any version reads first (W2)', () => {
    const answer = { ...ApiVersions.readResponse(new Reader(Buffer.alloc(6)), 0), errorCode: 35 }
    answer.apiKeys = [{ apiKey: 18, minVersion: 0, maxVersion: 4 }]
    expect(bodyOf(frameResponse(ApiVersions, 0, 1, answer)).toString('hex')).toBe(
      '0000000100230000000100120000' + '0004',
    )
  })

  it('the client id is a classic string in header version 2 (W3)', () => {
    const request = ApiVersions.readRequest(new Reader(Buffer.alloc(0)), 0)
    const body = bodyOf(frameRequest(ApiVersions, 3, 1, 'me', request))
    expect(body.subarray(0, 13).toString('hex')).toBe('00120003' + '00000001' + '00026d65' + '00')
    expect(readGolden(new Reader(body), 2).clientId).toBe('me')
  })

  it('requests and responses of every API at every version travel whole', () => {
    for (const api of apisByKey.values()) {
      for (let version = api.minCodecVersion; version <= api.maxCodecVersion; version++) {
        const request = fillDefaults(`${api.name}Request`, {}, version)
        const reader = new Reader(bodyOf(frameRequest(api, version, -5, null, request)))
        expect(readRequestHeader(reader, apisByKey)).toEqual({
          apiKey: api.key,
          apiVersion: version,
          correlationId: -5,
          clientId: null,
        })
        expect(api.readRequest(reader, version)).toEqual(request)
        reader.expectEnd()
        const response = fillDefaults(`${api.name}Response`, {}, version)
        const body = bodyOf(frameResponse(api, version, 99, response))
        expect(peekCorrelationId(body)).toBe(99)
        const answer = new Reader(body)
        expect(readResponseHeader(answer, api, version)).toBe(99)
        expect(api.readResponse(answer, version)).toEqual(response)
        answer.expectEnd()
      }
    }
  })

  it('a header of an unknown key is read as version 1, so that it can be refused by name', () => {
    const reader = new Reader(Buffer.from('03e7000000000001ffff', 'hex'))
    expect(readRequestHeader(reader, apisByKey)).toMatchObject({ apiKey: 999, apiVersion: 0, clientId: null })
    expect(() => peekCorrelationId(Buffer.alloc(3))).toThrow(WireError)
  })
})

describe('frames', () => {
  it('large fields are not copied into the frame', () => {
    const records = Buffer.alloc(50_000, 1)
    const request = { transactionalId: null, acks: -1, timeoutMs: 1, topicData: [] }
    const topic = { name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitionData: [{ index: 0, records }] }
    const parts = frameRequest(Produce, 9, 1, null, { ...request, topicData: [topic] })
    expect(parts).toContain(records)
    expect(Buffer.concat(parts).readInt32BE(0)).toBe(Buffer.concat(parts).length - 4)
  })

  it('come out whole and in order, however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 8 })
    const cuts = fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(bodies, cuts, (contents, sizes) => {
        const stream = Buffer.concat(
          contents.flatMap((content) => {
            const length = Buffer.alloc(4)
            length.writeInt32BE(content.length)
            return [length, Buffer.from(content)]
          }),
        )
        const splitter = new FrameSplitter(9000)
        const frames: Buffer[] = []
        for (let start = 0, index = 0; start < stream.length; index++) {
          const end = start + sizes[index % sizes.length]!
          frames.push(...splitter.push(Buffer.from(stream.subarray(start, end))))
          start = end
        }
        expect(frames.map((frame) => frame.toString('hex'))).toEqual(
          contents.map((c) => Buffer.from(c).toString('hex')),
        )
        expect(splitter.bufferedBytes).toBe(0)
      }),
    )
  })

  it('byte by byte, what is held is what has arrived', () => {
    const splitter = new FrameSplitter(20_000)
    const body = Buffer.alloc(20_000, 5)
    const stream = Buffer.concat([Buffer.from([0, 0, 0x4e, 0x20]), body])
    for (let index = 0; index < stream.length - 1; index++) {
      expect(splitter.push(stream.subarray(index, index + 1))).toHaveLength(0)
      if (index % 1000 === 0) expect(splitter.bufferedBytes).toBe(index + 1)
    }
    const [frame] = splitter.push(stream.subarray(-1))
    expect(frame!.equals(body)).toBe(true)
  })

  it('within one chunk are slices of it', () => {
    const chunk = Buffer.from('00000002aabb00000001cc', 'hex')
    const frames = new FrameSplitter(10).push(chunk)
    expect(frames.map((frame) => frame.toString('hex'))).toEqual(['aabb', 'cc'])
    expect(frames[0]!.buffer).toBe(chunk.buffer)
  })

  it('a length above the ceiling, or a negative one, is refused as soon as it is there', () => {
    expect(new FrameSplitter(5).push(Buffer.from('0000000500', 'hex'))).toHaveLength(0)
    expect(() => new FrameSplitter(5).push(Buffer.from('00000006', 'hex'))).toThrow(WireError)
    expect(() => new FrameSplitter(5).push(Buffer.from('ffffffff', 'hex'))).toThrow(WireError)
    expect(() => new FrameSplitter(2 ** 30).push(Buffer.from('7fffffff', 'hex'))).toThrow(WireError)
    const splitter = new FrameSplitter(5)
    splitter.push(Buffer.from('0000', 'hex'))
    splitter.push(Buffer.from('01', 'hex'))
    expect(() => splitter.push(Buffer.from('00', 'hex'))).toThrow(WireError)
  })

  it('an HTTP request is refused and called one', () => {
    for (const line of ['GET / HTTP/1.1\r\n', 'POST /topics HTTP/1.1\r\n', 'PUT / HTTP/1.1\r\n']) {
      expect(() => new FrameSplitter(100 << 20).push(Buffer.from(line))).toThrow(/HTTP/)
    }
  })
})
