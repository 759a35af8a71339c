/**
 * `npm run bench -- vs-kafka [--quick]`: Millrace and Apache Kafka on this machine in one run, taking turns, with Kafka's own
 * tools as the client of both. Page cache on both sides unless the row says sync.
 */
import { heading, median, ratio, table } from '../support/report.ts'
import { consume, fill, type Measured, produce, type ProduceLoad } from './clients.ts'
import { type Plan, quickPlan, standardPlan } from './plan.ts'
import { createRig, missingForKafka, type Rig } from './rig.ts'
import { type Durability, type Side, startKafka, startMillrace } from './side.ts'

const megabyte = 1e6
/** Milliseconds after a start in which a broker settles, before its memory is read. */
const SETTLE_MS = 3000

/** Both brokers, ours first. */
type Pair = readonly [ours: Side, theirs: Side]

/** One row's runs, a pair for each round. */
interface Row {
  readonly name: string
  readonly pairs: readonly (readonly [ours: Measured, theirs: Measured])[]
}

export async function benchVsKafka(isQuick: boolean): Promise<void> {
  const missing = missingForKafka()
  if (missing.length > 0) {
    for (const what of missing) console.error(`bench: vs-kafka needs what is missing here: ${what}`)
    process.exit(2)
  }
  const plan = isQuick ? quickPlan : standardPlan
  const rig = createRig()
  await benchStarts(rig, plan)
  await withBoth(rig, 'page-cache', async (pair) => {
    await wait(SETTLE_MS)
    const idle = pair.map((side) => side.residentBytes())
    await warmUp(rig, pair)
    printProduce('Producing as fast as it goes', await measure(rig, pair, plan.produce, plan.rounds), (row) =>
      row.batchKb === 16 ? '>= 1.3' : '>= 1.0',
    )
    const loaded = pair.map((side) => side.residentBytes())
    printPaced('Producing at a given rate', await measure(rig, pair, plan.paced, plan.rounds))
    await benchConsume(rig, pair, plan)
    printMemory(idle, loaded)
  })
  await withBoth(rig, 'sync', async (pair) => {
    await warmUp(rig, pair)
    const rows = await measure(rig, pair, plan.sync, plan.rounds)
    const isPaced = ({ load }: LoadedRow) => load.perSecond !== undefined
    printProduce(
      'A sync before every acknowledgement (durability: fsync, log.flush.interval.messages=1)',
      rows.filter((row) => !isPaced(row)),
      () => '>= 3',
    )
    if (rows.some(isPaced)) printPaced('The same at a given rate', rows.filter(isPaced))
  })
}

async function withBoth(rig: Rig, durability: Durability, use: (pair: Pair) => Promise<void>): Promise<void> {
  await using theirs = await startKafka(rig, durability)
  await using ours = await startMillrace(durability)
  await use([ours, theirs])
}

/** A process that is new each time, alternating. */
async function benchStarts(rig: Rig, plan: Plan): Promise<void> {
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < plan.starts; round++) {
    {
      await using side = await startKafka(rig, 'page-cache')
      theirs.push(side.startMs)
    }
    await using side = await startMillrace('page-cache')
    ours.push(side.startMs)
  }
  heading('Start of the process to the first acknowledged record')
  table(['', 'millrace', 'kafka'], [['milliseconds', median(ours), median(theirs)]])
  ratio('start / Kafka', median(ours) / median(theirs), '<= 0.1')
}

/** What is compiled in the first seconds of a broker's life belongs to no row. */
async function warmUp(rig: Rig, pair: Pair): Promise<void> {
  const load = { recordBytes: 1024, batchKb: 16, acks: 'all', codec: 'none', partitions: 1, records: 160_000 } as const
  for (const side of [...pair, ...pair]) await produce(rig, side, load)
}

interface LoadedRow extends Row {
  readonly load: ProduceLoad
}

async function measure(
  rig: Rig,
  pair: Pair,
  loads: readonly ProduceLoad[],
  rounds: number,
): Promise<readonly LoadedRow[]> {
  const rows = loads.map((load) => ({ load, name: nameOf(load), pairs: [] as [Measured, Measured][] }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, row] of rows.entries()) {
      process.stderr.write(`\rvs-kafka: round ${round + 1}/${rounds}, row ${index + 1}/${rows.length}   `)
      row.pairs.push(await takeTurns(pair, round + index, (side) => produce(rig, side, row.load)))
    }
  }
  process.stderr.write('\r\u001b[K')
  return rows
}

/** One run on each side; who goes first changes with `turn`. */
async function takeTurns(
  [ours, theirs]: Pair,
  turn: number,
  run: (side: Side) => Promise<Measured>,
): Promise<[Measured, Measured]> {
  if (turn % 2 === 0) {
    const first = await run(ours)
    return [first, await run(theirs)]
  }
  const first = await run(theirs)
  return [await run(ours), first]
}

async function benchConsume(rig: Rig, pair: Pair, plan: Plan): Promise<void> {
  const rows: Row[] = []
  for (const { recordBytes, records } of plan.consume) {
    const topic = `consume-${recordBytes}`
    const load = { recordBytes, batchKb: 64, acks: 'all', codec: 'none', partitions: 1, records } as const
    for (const side of pair) await fill(rig, side, topic, load)
    const pairs: [Measured, Measured][] = []
    for (let round = 0; round < plan.rounds; round++)
      pairs.push(await takeTurns(pair, round, (side) => consume(rig, side, topic, records)))
    rows.push({ name: `${recordBytes} B, from the beginning`, pairs })
  }
  heading('Consuming, while fetching')
  printRates(rows)
  ratios(rows, 'records/s', (side) => side.recordsPerSecond, '>= 1.0')
  ratios(rows, 'broker CPU', (side) => side.cpuSeconds, '<= 1.0')
}

function nameOf({ recordBytes, batchKb, acks, codec, partitions, perSecond }: ProduceLoad): string {
  const rate = perSecond === undefined ? '' : `, ${perSecond.toLocaleString('en-US')}/s`
  return `${recordBytes} B, ${batchKb} KB, acks=${acks}, ${codec}, ${partitions}p${rate}`
}

const medianOf = (row: Row, side: 0 | 1, of: (measured: Measured) => number) =>
  median(row.pairs.map((pair) => of(pair[side])))

/** The median over the rounds of ours divided by theirs. */
const ratioOf = (row: Row, of: (measured: Measured) => number) =>
  median(row.pairs.map(([ours, theirs]) => of(ours) / of(theirs)))

function ratios(rows: readonly Row[], what: string, of: (measured: Measured) => number, aim: string): void {
  for (const row of rows) ratio(`${what} / Kafka, ${row.name}`, ratioOf(row, of), aim)
}

function printRates(rows: readonly Row[]): void {
  table(
    ['', 'records/s', 'kafka', 'ratio', 'broker CPU s/million', 'kafka', 'ratio'],
    rows.map((row) => [
      row.name,
      medianOf(row, 0, ({ recordsPerSecond }) => recordsPerSecond),
      medianOf(row, 1, ({ recordsPerSecond }) => recordsPerSecond),
      ratioOf(row, ({ recordsPerSecond }) => recordsPerSecond),
      medianOf(row, 0, ({ cpuSeconds }) => cpuSeconds),
      medianOf(row, 1, ({ cpuSeconds }) => cpuSeconds),
      ratioOf(row, ({ cpuSeconds }) => cpuSeconds),
    ]),
  )
}

function printProduce(title: string, rows: readonly LoadedRow[], aim: (load: ProduceLoad) => string): void {
  heading(title)
  printRates(rows)
  const rate = ({ recordsPerSecond }: Measured) => recordsPerSecond
  for (const wanted of new Set(rows.map(({ load }) => aim(load)))) {
    const those = rows.filter(({ load }) => aim(load) === wanted)
    const worst = Math.min(...those.map((row) => ratioOf(row, rate)))
    const middle = median(those.map((row) => ratioOf(row, rate)))
    ratio(`records/s / Kafka: median of ${those.length} rows`, middle, wanted)
    ratio('  the worst of them', worst, wanted)
  }
  const cpu = rows.map((row) => ratioOf(row, ({ cpuSeconds }) => cpuSeconds))
  ratio(`broker CPU per million / Kafka: median of ${rows.length} rows`, median(cpu), '<= 0.4')
  ratio('  the worst of them', Math.max(...cpu), '<= 0.4')
}

function printPaced(title: string, rows: readonly LoadedRow[]): void {
  heading(title)
  table(
    ['', 'p50 ms', 'kafka', 'p99 ms', 'kafka', 'ratio of p99', 'broker CPU s/million', 'kafka'],
    rows.map((row) => [
      row.name,
      medianOf(row, 0, ({ p50Ms }) => p50Ms),
      medianOf(row, 1, ({ p50Ms }) => p50Ms),
      medianOf(row, 0, ({ p99Ms }) => p99Ms),
      medianOf(row, 1, ({ p99Ms }) => p99Ms),
      ratioOf(row, ({ p99Ms }) => p99Ms),
      medianOf(row, 0, ({ cpuSeconds }) => cpuSeconds),
      medianOf(row, 1, ({ cpuSeconds }) => cpuSeconds),
    ]),
  )
  const fast = rows.filter(({ load }) => load.perSecond === 10_000)
  ratios(fast, 'p99', ({ p99Ms }) => p99Ms, '<= 0.25')
}

function printMemory(idle: readonly number[], loaded: readonly number[]): void {
  const [oursIdle = 0, theirsIdle = 0] = idle
  const [oursLoaded = 0, theirsLoaded = 0] = loaded
  heading('Resident memory')
  table(
    ['MB', 'millrace', 'kafka', 'ratio'],
    [
      ['idle', oursIdle / megabyte, theirsIdle / megabyte, oursIdle / theirsIdle],
      ['after producing', oursLoaded / megabyte, theirsLoaded / megabyte, oursLoaded / theirsLoaded],
    ],
  )
  ratio('memory idle / Kafka', oursIdle / theirsIdle, '<= 0.25')
  ratio('memory loaded / Kafka', oursLoaded / theirsLoaded, '<= 0.25')
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
