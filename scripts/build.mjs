// Builds dist/: the library (tsc), what it reads at run time (.proto files, the demo's sample), the console, the bin.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)
process.chdir(root)

let tsc
try {
  tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
} catch {
  console.error('build: skipped, the development dependencies are not installed')
  process.exit(0)
}

const run = (file, args) => execFileSync(process.execPath, [file, ...args], { stdio: 'inherit' })

rmSync('dist', { recursive: true, force: true })
run(tsc, ['-p', 'tsconfig.json'])

// The command is bundled, so that it loads a dozen files instead of 300 and starts in half the time; the library is not.
const { rolldown } = await import('rolldown')
const bundle = await rolldown({ input: 'dist/cli/main.js', platform: 'node', external: (id) => !/^[./]/.test(id) })
const { output } = await bundle.generate({ format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js' })
for (const bundled of ['cli', 'demo']) rmSync(join('dist', bundled), { recursive: true })
mkdirSync('dist/cli/chunks', { recursive: true })
for (const { fileName, code } of output) writeFileSync(join('dist/cli', fileName), code)

mkdirSync('dist/proto', { recursive: true })
for (const name of readdirSync('proto'))
  if (name.endsWith('.proto')) cpSync(join('proto', name), join('dist/proto', name))
if (existsSync('demo/sample')) cpSync('demo/sample', 'dist/demo/sample', { recursive: true })
if (existsSync('console/vite.config.ts')) {
  const vite = join(dirname(require.resolve('vite/package.json')), 'bin', 'vite.js')
  run(vite, ['build', 'console', '--logLevel', 'warn'])
}
cpSync('cli/bin.cjs', 'dist/cli/bin.cjs')
chmodSync('dist/cli/bin.cjs', 0o755)
