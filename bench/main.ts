/** `npm run bench -- NAME...`: measures the built product (run `npm run build` first) and prints ratios of the same run. */
import { existsSync } from 'node:fs'
import { benchHttp } from './broker/http.ts'
import { benchStart } from './broker/start.ts'
import { benchProduce, benchTailFetch } from './broker/throughput.ts'
import { benchSdk } from './sdk/main.ts'
import { machine } from './support/report.ts'

const megabytes = (count: number) => count * 1_000_000

async function quick(): Promise<void> {
  await benchStart()
  await benchProduce(1024, 62, 16, megabytes(400))
  await benchTailFetch(megabytes(1500))
  await benchSdk()
}

async function produce(): Promise<void> {
  await benchProduce(1024, 62, 16, megabytes(400))
  await benchProduce(1024, 1, 256, megabytes(60))
}

const benches: Readonly<Record<string, () => Promise<void>>> = {
  quick,
  start: benchStart,
  produce,
  fetch: () => benchTailFetch(megabytes(1500)),
  sdk: benchSdk,
  http: async () => {
    await benchHttp('fsync')
    await benchHttp('page-cache')
  },
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !Object.hasOwn(benches, name))
if (names.length === 0 || unknown !== undefined) {
  console.error(
    `bench: ${unknown === undefined ? 'a name was expected' : `no benchmark ${unknown}`}; there are ${Object.keys(benches).join(', ')}`,
  )
  process.exit(2)
}
if (!existsSync('dist/cli/bin.cjs')) {
  console.error('bench: dist is missing, run npm run build first')
  process.exit(2)
}
console.log(machine())
for (const name of names) await benches[name]?.()
process.exit(0)
