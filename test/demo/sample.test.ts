import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Random } from '../../demo/random.ts'
import { loadSample, unpackSample } from '../../demo/sample.ts'
import { packSample } from '../../scripts/pack-sample.ts'

const folder = join(import.meta.dirname, '../../demo/sample')

function tiny() {
  const random = new Random(2)
  const rows = 50
  const values = new Float64Array(rows * 3)
  let walk = 0
  for (let i = 0; i < rows; i++) {
    walk += random.gaussian()
    values.set([walk, random.uniform(), 7], i * 3)
  }
  return {
    name: 'tiny',
    source: 'test',
    metrics: ['walk', 'noise', 'constant'],
    values,
    trainRows: 30,
    testRows: 20,
    events: [[2, 4]] as const,
  }
}

describe('packing', () => {
  it('gives back every value to within a step, names, parts and labels', () => {
    const recording = tiny()
    const sample = unpackSample(packSample(recording))
    expect(sample.metrics).toEqual(recording.metrics)
    expect([sample.trainRows, sample.testRows, sample.train.length, sample.test.length]).toEqual([30, 20, 90, 60])
    expect(Array.from(sample.labels.slice(0, 6))).toEqual([0, 0, 1, 1, 1, 0])
    const back = [...sample.train, ...sample.test]
    recording.values.forEach((x, i) => {
      expect(Math.abs(back[i] - x)).toBeLessThan([0.1, 0.01, 1e-6][i % 3])
    })
  })

  it('refuses what is cut off, longer than it says, or of another format', () => {
    const packed = packSample(tiny())
    const plain = brotliDecompressSync(packed)
    expect(() => unpackSample(packed.subarray(0, packed.length >> 1))).toThrow()
    expect(() => unpackSample(brotliCompressSync(plain.subarray(0, plain.length - 1)))).toThrow(TypeError)
    expect(() => unpackSample(brotliCompressSync(Buffer.from([255, 255, 255, 255])))).toThrow(TypeError)
    const other = Buffer.from(plain)
    other.write('"format":2', other.indexOf('"format":1'))
    expect(() => unpackSample(brotliCompressSync(other))).toThrow(/format/)
  })
})

describe('the bundled recording', () => {
  it('is small, has its licence beside it, and holds both parts of the machine', () => {
    expect(statSync(join(folder, 'machine-2-1.columns.br')).size).toBeLessThan(1_500_000)
    expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toContain('MIT')
    const sample = loadSample()
    expect(sample.metrics).toHaveLength(38)
    expect([sample.trainRows, sample.testRows]).toEqual([23_693, 23_694])
    expect(sample.events).toHaveLength(13)
    expect(sample.labels.reduce((sum, x) => sum + x, 0)).toBe(1_170)
    expect(sample.train.every((x) => x >= 0 && x < 1.01)).toBe(true)
  })

  const original = join(import.meta.dirname, '../../../shared/data/smd/test/machine-2-1.csv.gz')
  it.skipIf(!existsSync(original))(
    'equals the published values to within a thousandth (skipped without ../shared/data)',
    () => {
      const sample = loadSample()
      const lines = gunzipSync(readFileSync(original)).toString().trim().split('\n').slice(1)
      for (let i = 0; i < lines.length; i += 101) {
        const fields = lines[i].split(',').map(Number)
        expect(sample.labels[i]).toBe(fields[38])
        for (let j = 0; j < 38; j++) expect(Math.abs(sample.test[i * 38 + j] - fields[j])).toBeLessThan(0.004)
      }
    },
  )
})
