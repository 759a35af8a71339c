import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadSchemas } from '../../../proto/kafka/generator/load.ts'
import { emitAll, emitModule } from '../../../proto/kafka/generator/module.ts'
import { fillDefaults, apiSchema, messageSchema, toJson } from '../../../proto/kafka/schema/fill.ts'
import { defineApi, defineMessage } from '../../../proto/kafka/schema/grammar.ts'

const folder = new URL('../../../proto/kafka/generated/', import.meta.url)

function message(fields: string, versions = '0-3'): ReturnType<typeof defineMessage> {
  return defineMessage({ name: 'Sample', versions, flexible: 2, doc: 'a sample', fields })
}

describe('generated code', () => {
  it('is what the definitions give: nothing changed by hand, nothing stale', async () => {
    const output = emitAll(await loadSchemas())
    expect(readdirSync(folder).sort()).toEqual([...output.keys()].sort())
    for (const [file, source] of output) {
      expect(readFileSync(new URL(file, folder), 'utf8') === source, `${file} differs: npm run generate`).toBe(true)
    }
  })

  it('is the same each time', async () => {
    expect(emitAll(await loadSchemas())).toEqual(emitAll(await loadSchemas()))
  })

  it('a new API needs one definition file and nothing else', () => {
    const api = defineApi({
      key: 99,
      name: 'Sample',
      versions: '0-2',
      flexible: 1,
      doc: 'A sample.',
      request: 'name string null 2+ # name',
      response: 'errorCode int16 # error',
    })
    const output = emitAll([{ file: '99-sample.ts', api, messages: [api.request, api.response] }])
    expect([...output.keys()].sort()).toEqual(['99-sample.ts', 'apis.ts'])
    expect(output.get('99-sample.ts')).toContain('version >= 2 ? r.compactNullableString() : (version >= 1 ? ')
    expect(output.get('apis.ts')).toContain('[99, Sample]')
  })
})

describe('the language of the definitions', () => {
  it('gives fields their versions, nullability, default, tag and comment', () => {
    const { root, structs } = message(`
      a  int32              # first
      b  string  1-2 null 2+ default null
      c  []Inner 3+         # list
        d  uuid  tag 4 3+   # inside
    `)
    expect(root.fields.map(({ name, versions, nullable, doc }) => ({ name, versions, nullable, doc }))).toEqual([
      { name: 'a', versions: { from: 0, to: 3 }, nullable: null, doc: 'first' },
      { name: 'b', versions: { from: 1, to: 2 }, nullable: { from: 2, to: 2 }, doc: '' },
      { name: 'c', versions: { from: 3, to: 3 }, nullable: null, doc: 'list' },
    ])
    expect(structs[0]!.fields[0]!.tag).toEqual({ number: 4, versions: { from: 3, to: 3 } })
  })

  it('lets a struct be defined once and used twice', () => {
    const { root, structs } = message(`
      struct Pair
        x  int32
      a  Pair
      b  []Pair
    `)
    expect(structs.map((struct) => struct.name)).toEqual(['Pair'])
    expect(root.fields.map((field) => field.name)).toEqual(['a', 'b'])
  })

  it.each([
    ['a', 'has no type'],
    ['a  int31', 'unknown type'],
    ['a  int32 sometimes', 'unknown word'],
    ['a  Inner', 'has no fields'],
    ['a  int32\na  int32', 'occurs twice'],
    ['a  int32\n    b  int32', 'indented'],
    ['a  Inner\n  b  int32\nc  Inner\n  d  int32', 'indented'],
  ])('names the line that is wrong: %j', (fields, complaint) => {
    expect(() => message(fields)).toThrow(complaint)
  })

  it('refuses two structs of one name in one module', () => {
    const one = message('a Inner\n  b int32')
    const two = defineMessage({ name: 'Other', versions: '0', flexible: null, doc: '', fields: 'a Inner\n  b int32' })
    expect(() => emitModule('x.ts', [one, two])).toThrow('Inner is defined twice')
  })
})

describe('messages by name', () => {
  it('fills in the defaults, int64 from text and bytes from base64', () => {
    expect(
      fillDefaults('FetchRequest', { topics: [{ topic: 't', partitions: [{ fetchOffset: '12' }] }] }, 4),
    ).toMatchObject({
      replicaId: -1,
      maxBytes: 0x7fffffff,
      rackId: '',
      topics: [{ topic: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [{ partition: 0, fetchOffset: 12 }] }],
    })
    expect(fillDefaults('SyncGroupResponse', { assignment: 'AQI=' }, 3)).toMatchObject({
      assignment: Buffer.from([1, 2]),
    })
    expect(fillDefaults('OffsetCommitValue', { offset: '9223372036854775807' }, 0)).toMatchObject({
      offset: 9223372036854775807n,
    })
  })

  it('refuses fields that do not exist, or not in that version', () => {
    expect(() => fillDefaults('FetchRequest', { topic: 't' }, 4)).toThrow('no field topic')
    expect(() => fillDefaults('FetchRequest', { rackId: 'r' }, 4)).toThrow('not in version 4')
    expect(() => messageSchema('Nonsense')).toThrow('not defined')
    expect(apiSchema('Produce').key).toBe(0)
  })

  it('writes JSON as Kafka does: int64 as text, bytes as base64, tagged defaults left out', () => {
    const value = fillDefaults('OffsetCommitValue', { offset: 5, metadata: 'm' }, 4)
    expect(toJson('OffsetCommitValue', value, 4)).toEqual({
      offset: '5',
      leaderEpoch: -1,
      metadata: 'm',
      commitTimestamp: '0',
    })
  })
})
