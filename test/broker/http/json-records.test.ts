import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as schemas from '../../../broker/http/generated/schemas.ts'
import { jsonRecords } from '../../../broker/http/json-records.ts'
import type { ProduceRecord } from '../../../broker/http/schema/records.ts'

const nowMs = 1_700_000_000_000
const isProduceBody = new Ajv({ allowUnionTypes: true }).compile(schemas.ProduceBody)

/** What JSON.parse and the schema make of a body: null when either refuses it. */
function expected(text: string): ProduceRecord[] | null {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return null
  }
  if (!isProduceBody(body)) return null
  return (Array.isArray(body) ? body : [body]) as ProduceRecord[]
}

function check(text: string): void {
  // Half a surrogate pair does not survive as UTF-8: what is compared is what was sent.
  const sent = Buffer.from(text, 'utf8')
  const wanted = expected(sent.toString('utf8'))
  const found = jsonRecords(sent, nowMs)
  if (wanted === null || found === null) {
    expect(found, text).toEqual(wanted)
    return
  }
  expect(found.length).toBe(wanted.length)
  for (const [index, record] of wanted.entries()) {
    const { key, value, headers, partition, timestampMs } = found[index]
    expect(value === null ? null : JSON.parse(value.toString('utf8'))).toEqual(record.value)
    expect(value === null).toBe(record.value === null)
    expect(key).toEqual(typeof record.key === 'string' ? Buffer.from(record.key, 'utf8') : null)
    expect(headers).toEqual(
      Object.entries(record.headers ?? {}).map(([name, content]) => ({ key: name, value: content })),
    )
    expect(partition ?? -1).toBe(record.partition === undefined ? -1 : record.partition + 0)
    expect(timestampMs).toBe((record.timestamp ?? nowMs) + 0)
  }
}

const blank = fc.stringMatching(/^[ \t\r\n]{0,2}$/)
const escaped = (text: string) =>
  `"${text
    .split('')
    .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')}"`
const names = fc.constantFrom('value', 'key', 'headers', 'partition', 'timestamp', 'other', '__proto__')
const nameText = fc.oneof({ weight: 8, arbitrary: names.map((name) => JSON.stringify(name)) }, names.map(escaped))
const scalarText = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    'null',
    'true',
    '-0',
    '0',
    '1',
    '1.0',
    '1e2',
    '-1',
    '1.5',
    '1e400',
    '2147483647',
    '2147483648',
    '9007199254740992',
    '"5"',
    '""',
  ),
  fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.constant(null))).map((headers) => JSON.stringify(headers)),
)
const memberText = fc
  .tuple(blank, nameText, blank, blank, scalarText, blank)
  .map(([a, name, b, c, value, d]) => `${a}${name}${b}:${c}${value}${d}`)
const likelyRecord = fc
  .tuple(
    fc.json({ maxDepth: 3 }),
    fc.option(fc.string()),
    fc.option(fc.nat()),
    fc.option(fc.dictionary(fc.string(), fc.option(fc.string()))),
  )
  .map(([value, key, partition, headers]) => {
    const members = [`"value":${value}`, `"key":${JSON.stringify(key)}`]
    if (partition !== null) members.push(`"partition":${partition}`, `"timestamp":${partition}`)
    if (headers !== null) members.unshift(`"headers":${JSON.stringify(headers)}`)
    return `{${members.join(' , ')}}`
  })
const recordText = fc.oneof(
  fc.array(memberText, { maxLength: 5 }).map((members) => `{${members.join(',')}}`),
  { weight: 3, arbitrary: likelyRecord },
)
const bodyText = fc.oneof(
  recordText,
  fc.array(recordText, { maxLength: 4 }).map((records) => `[${records.join(',')}]`),
)

describe('the records of a JSON body', () => {
  it('are those that JSON.parse and the schema find', () => {
    fc.assert(fc.property(bodyText, check), { numRuns: 3000 })
  })

  it('are refused where JSON.parse refuses, whatever byte is wrong', () => {
    const spoilt = fc.tuple(
      bodyText,
      fc.nat(),
      fc.constantFrom(
        '',
        '"',
        '\\',
        ',',
        ':',
        '{',
        '}',
        '[',
        ']',
        '0',
        '-',
        'e',
        '.',
        ' ',
        '\n',
        '\u0000',
        '\u0001',
        'u',
        'é',
      ),
    )
    fc.assert(
      fc.property(spoilt, ([text, place, piece]) => {
        const at = place % (text.length + 1)
        check(text.slice(0, at) + piece + text.slice(at + (piece === '' ? 1 : 0)))
        check(text.slice(0, at) + piece + text.slice(at + 1))
        check(text.slice(0, at))
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    '01',
    '-',
    '+1',
    '.5',
    '1.',
    '1e',
    '1e+',
    '-01',
    '0x1',
    'Infinity',
    'NaN',
    'nul',
    'truee',
    'True',
    "'a'",
    '"a',
    '"\\x"',
    '"\\u12g4"',
    '"\\u12"',
    '"\t"',
    '"\u007f"',
    '"\\ud800"',
    '[1,]',
    '[,1]',
    '{"a"}',
    '{"a":}',
    '{,}',
    '{"a":1,}',
    '[1 2]',
    '[1}',
    '{"a":1]',
    '-0.0e-0',
    '1E+2',
    '[[],{},[{}]]',
    '{"a":{"b":[{"c":[]}]}}',
    '[ ]',
    '{ }',
    '"\\/\\b\\f\\n\\r\\t\\"\\\\"',
  ])('agree on the value %s', (value) => {
    check(`{"value":${value}}`)
    check(`[{"value":${value},"key":"k"}]`)
  })

  it.each([
    '\ufeff{"value":1}',
    '{"value":1}\u0000',
    '[{"value":1}',
    '[{"value":1}]]',
    '{"value":1}}',
    '[[{"value":1}]]',
    '{"value":1,"value":2}',
    '{"partition":"x","partition":1,"value":1}',
    '',
  ])('agree on %j', (text) => check(text))

  it('are slices of the body, and no copies', () => {
    const body = Buffer.from('[{"key":"k","value":{"a":1}}]')
    const [record] = jsonRecords(body, nowMs) ?? []
    expect(record.value?.buffer).toBe(body.buffer)
    expect(record.key?.buffer).toBe(body.buffer)
  })

  it('are refused when bytes are not UTF-8', () => {
    expect(jsonRecords(Buffer.from('{"value":"é"}', 'latin1'), nowMs)).toBeNull()
    expect(jsonRecords(Buffer.from('{"value":"é"}', 'utf8'), nowMs)).toHaveLength(1)
  })

  it('may be nested 512 levels deep', () => {
    const nested = (depth: number) => Buffer.from(`{"value":${'['.repeat(depth)}${']'.repeat(depth)}}`)
    expect(jsonRecords(nested(512), nowMs)).toHaveLength(1)
    expect(jsonRecords(nested(513), nowMs)).toBeNull()
  })
})
