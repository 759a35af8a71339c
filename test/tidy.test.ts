/** The house style as a test: sizes, bans, dead files, import directions. What oxlint can say, oxlint says. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const rooms = [
  'proto',
  'broker',
  'client',
  'processor',
  'testing',
  'cli',
  'demo',
  'console',
  'bench',
  'test',
  'scripts',
]

function walk(directory: string): string[] {
  const found: string[] = []
  for (const name of readdirSync(directory)) {
    if (name === 'generated' || name === 'fixtures' || name === 'node_modules' || name === 'recorded') continue
    const path = join(directory, name)
    if (statSync(path).isDirectory()) found.push(...walk(path))
    else if (/\.(ts|tsx|mjs|cjs)$/.test(name) && !name.endsWith('.d.ts')) found.push(relative(root, path))
  }
  return found
}

const files = rooms.flatMap((room) => walk(join(root, room)))
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))

/** Comments and string contents blanked, so that a rule about code does not fire on prose. */
function codeOf(file: string): string {
  return (text.get(file) ?? '')
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1')
}

interface Import {
  readonly from: string
  readonly specifier: string
  readonly target: string | null
}

function importsOf(file: string): Import[] {
  const found: Import[] = []
  for (const match of codeOf(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    const specifier = match[1]
    const target = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : null
    found.push({ from: file, specifier, target })
  }
  return found
}

const imports = files.flatMap(importsOf)
const roomOf = (path: string) => path.split('/')[0]

/** DESIGN 3: which rooms a room may look at (itself always). */
const mayImport: Record<string, readonly string[]> = {
  proto: [],
  client: ['proto'],
  processor: ['proto', 'client'],
  demo: ['proto', 'client', 'processor'],
  broker: ['proto'],
  testing: ['proto', 'broker', 'client', 'processor'],
  console: [],
  scripts: ['proto', 'broker', 'client', 'processor', 'demo'],
}

/** Inside `broker`: what a folder may never look at, because it lies downstream of it. */
const brokerLayers = [
  'ports',
  'log',
  'consensus',
  'replication',
  'controller',
  'groups',
  'transactions',
  'handlers',
  'server',
  'http',
]
const brokerRank: Record<string, number> = {
  ports: 0,
  log: 1,
  consensus: 1,
  replication: 2,
  controller: 2,
  groups: 3,
  transactions: 3,
  handlers: 4,
  server: 5,
  http: 6,
}

const pureCores = [
  /^broker\/log\//,
  /^broker\/consensus\//,
  /^broker\/controller\//,
  /^broker\/replication\//,
  /^broker\/groups\//,
  /^processor\/(topology|windows|operators|state|triggers)\//,
  /^processor\/models\//,
]

describe('tidy', () => {
  it('sees the tree', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(imports.length).toBeGreaterThan(200)
  })

  it('keeps files at 400 lines or fewer', () => {
    const long = files.filter((file) => (text.get(file) ?? '').split('\n').length > 401)
    expect(long).toEqual([])
  })

  it('has no placeholders, skipped rules or escapes', () => {
    const pattern = /\b(TODO|FIXME|XXX)\b|@ts-ignore|@ts-nocheck|\bas any\b|: any\b(?! [a-z])|not implemented/i
    const offenders = files.filter((file) => file !== 'test/tidy.test.ts' && pattern.test(text.get(file) ?? ''))
    expect(offenders).toEqual([])
  })

  it('has no default exports outside tool configuration', () => {
    const offenders = files.filter((file) => !file.endsWith('config.ts') && /^export default\b/m.test(codeOf(file)))
    expect(offenders).toEqual([])
  })

  it('imports along the directions of the design', () => {
    const wrong = imports.filter(({ from, target }) => {
      if (target === null || target.startsWith('..')) return false
      const allowed = mayImport[roomOf(from)]
      return allowed !== undefined && roomOf(target) !== roomOf(from) && !allowed.includes(roomOf(target))
    })
    expect(wrong.map((entry) => `${entry.from} -> ${entry.specifier}`)).toEqual([])
  })

  it('keeps the layers of the broker in order', () => {
    const wrong = imports.filter(({ from, target }) => {
      if (target === null || roomOf(from) !== 'broker' || roomOf(target) !== 'broker') return false
      const [source, sink] = [from.split('/')[1], target.split('/')[1]]
      if (!brokerLayers.includes(source) || !brokerLayers.includes(sink) || source === sink) return false
      // Seam files hold types only and are how an upstream room names what it is given.
      if (/\/(api|view)\.ts$/.test(target)) return false
      return (brokerRank[sink] ?? 0) > (brokerRank[source] ?? 0)
    })
    expect(wrong.map((entry) => `${entry.from} -> ${entry.specifier}`)).toEqual([])
  })

  it('wires real ports in broker/node.ts alone, and in the entry of its worker thread', () => {
    const wirings = ['broker/node.ts', 'broker/compaction-worker.ts']
    const wrong = imports.filter(
      ({ from, target }) =>
        target !== null &&
        target.startsWith('broker/ports/node-') &&
        !wirings.includes(from) &&
        !from.startsWith('broker/ports/') &&
        !/^(test|bench)\//.test(from),
    )
    expect(wrong.map((entry) => `${entry.from} -> ${entry.specifier}`)).toEqual([])
  })

  it('keeps pure cores free of time, randomness, promises and the platform', () => {
    const banned =
      /\bDate\.now\b|\bnew Date\(|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bqueueMicrotask\b|\bawait\b|\bnew Promise\b|'node:/
    const offenders = files.filter((file) => pureCores.some((core) => core.test(file)) && banned.test(codeOf(file)))
    expect(offenders).toEqual([])
  })

  it('has no dead files: every source file is imported by another or is an entry point', () => {
    const entry =
      /^(broker|client|processor|testing)\/index\.ts$|^cli\/(main\.ts|bin\.cjs)$|^test\/|^bench\/|^scripts\/|config\.ts$|^proto\/kafka\/(generator\/main|schema\/.*)\.ts$|^console\/|main\.ts$/
    const imported = new Set(imports.map((found) => found.target))
    // A worker is started by its file name, never imported.
    const started = new Set<string>()
    for (const file of files) {
      for (const match of codeOf(file).matchAll(/new URL\('(\.[^']+)'/g))
        started.add(normalize(join(dirname(file), match[1])).replace(/\.js$/, '.ts'))
    }
    const dead = files.filter((file) => !entry.test(file) && !imported.has(file) && !started.has(file))
    expect(dead).toEqual([])
  })
})
