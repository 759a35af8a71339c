/**
 * `npm run bench -- NAME... [--quick] [--write]`: measures the built product (run `npm run build` first) and prints ratios of
 * the same run. `--write` puts what was printed into the benchmark's section of bench/RESULTS.md.
 */
import { existsSync } from 'node:fs'
import { machine } from './support/report.ts'
import { writeResults } from './support/results.ts'

const megabytes = (count: number) => count * 1_000_000

/** Loaded when asked for: some pull in a client, or a processor. */
const benches: Readonly<Record<string, (isQuick: boolean) => Promise<unknown>>> = {
  start: async () => (await import('./broker/start.ts')).benchStart(),
  produce: async () => (await import('./broker/throughput.ts')).benchProduces(),
  fetch: async () => (await import('./broker/throughput.ts')).benchTailFetch(megabytes(1500)),
  reads: async () => (await import('./log/reads.ts')).benchReads(),
  partitions: async (isQuick) => (await import('./log/partitions.ts')).benchPartitions(isQuick),
  sync: async (isQuick) => (await import('./log/sync.ts')).benchSync(isQuick),
  cleaning: async (isQuick) => (await import('./log/cleaning.ts')).benchCleaning(isQuick),
  'vs-kafka': async (isQuick) => (await import('./vs-kafka/main.ts')).benchVsKafka(isQuick),
  replicated: async (isQuick) => (await import('./cluster/replicated.ts')).benchReplicated(isQuick),
  failover: async (isQuick) => (await import('./cluster/failover.ts')).benchFailover(isQuick),
  sdk: async () => (await import('./sdk/main.ts')).benchSdk(),
  http: async () => {
    const { benchHttp } = await import('./broker/http.ts')
    await benchHttp('fsync')
    await benchHttp('page-cache')
  },
  processor: async () => (await import('./processor/streams.ts')).benchProcessor(),
  models: async () => (await import('./models/main.ts')).benchModels(),
}

/** The short way round. */
const quick = ['start', 'produce', 'fetch', 'sdk']

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const names = asked.flatMap((name) => (name === 'quick' ? quick : [name]))
const unknown =
  names.find((name) => !Object.hasOwn(benches, name)) ?? flags.find((flag) => flag !== '--quick' && flag !== '--write')
if (names.length === 0 || unknown !== undefined) {
  const problem = unknown === undefined ? 'a name was expected' : `there is no ${unknown}`
  console.error(`bench: ${problem}; there are ${['quick', ...Object.keys(benches)].join(', ')}, --quick and --write`)
  process.exit(2)
}
if (!existsSync('dist/cli/bin.cjs')) {
  console.error('bench: dist is missing, run npm run build first')
  process.exit(2)
}
console.log(machine())
for (const name of names) {
  await benches[name]?.(flags.includes('--quick'))
  if (flags.includes('--write')) writeResults(name, flags.includes('--quick'))
}
process.exit(0)
