// Regenerates what is committed as generated code; `--check` fails on any difference instead.
import { spawnSync } from 'node:child_process'

const generators = ['proto/kafka/generator/main.ts', 'broker/http/schema/main.ts']
for (const generator of generators) {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', generator, ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
