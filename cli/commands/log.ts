import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Disk } from '../../broker/ports/disk.ts'
import type { DirectoryReport } from '../../broker/log/inspect/verify-directory.ts'
import type { RepairPlan, RepairStep } from '../../broker/log/inspect/repair-plan.ts'
import type { Finding } from '../../broker/log/inspect/finding.ts'
import { UsageError } from '../errors.ts'
import type { BytesForm } from '../log-rows.ts'
import { printJson, printLine, progress } from '../output.ts'
import { integer } from '../parse.ts'

interface VerifyFlags {
  readonly deep?: boolean
  readonly json?: boolean
}

interface DumpFlags {
  readonly offsets?: OffsetRange
  readonly records?: boolean
  readonly keys: BytesForm
  readonly values: BytesForm
  readonly limit?: number
  readonly json?: boolean
}

interface RepairFlags {
  readonly yes?: boolean
  readonly acceptLoss?: readonly string[]
  readonly json?: boolean
}

interface OffsetRange {
  readonly from: number
  readonly to: number
}

/** `10..20`, `10..`, `..20` or `10`; both ends count. */
function offsetRange(text: string): OffsetRange {
  const match = /^(\d*)(\.\.)?(\d*)$/.exec(text)
  const from = Number(match?.[1] ?? 0)
  const to = match?.[2] === undefined ? from : Number(match[3] === '' ? Number.MAX_SAFE_INTEGER : match[3])
  if (match === null || text === '' || text === '..' || to < from) {
    throw new InvalidArgumentError('a range like 10..20, 10.., ..20 or 10 was expected.')
  }
  return { from, to }
}

function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text]
}

/** The path as it was given, so that findings name files as the caller does; `.` and `..` have no name of their own. */
function existing(path: string): string {
  const given = path.replace(/(?<=.)\/+$/, '')
  if (!existsSync(given)) throw new UsageError(`${path}: there is no such file or directory`)
  return /(^|\/)\.\.?$/.test(given) ? resolve(given) : given
}

async function realDisk(): Promise<Disk> {
  const { createNodeDisk } = await import('../../broker/node.ts')
  return createNodeDisk()
}

async function verify(paths: readonly string[], flags: VerifyFlags): Promise<void> {
  const directories = paths.map(existing)
  const { verifyDirectory, countFindings } = await import('../../broker/log/inspect/verify-directory.ts')
  const disk = await realDisk()
  let errors = 0
  for (const directory of directories) {
    const report = verifyDirectory(disk, directory, { deep: flags.deep === true })
    errors += countFindings(report).error
    if (flags.json) printJson(await reportAsJson(report))
    else await printReport(report)
  }
  if (errors > 0) process.exitCode = 1
}

async function printReport(report: DirectoryReport): Promise<void> {
  const { allFindings } = await import('../../broker/log/inspect/verify-directory.ts')
  for (const finding of allFindings(report)) {
    printLine(`${finding.severity.padEnd(7)}  ${placeOf(finding)}: ${finding.what}`)
    if (finding.severity !== 'note') printLine(`         to do: ${finding.advice}`)
  }
  printLine(await summaryOf(report))
}

function placeOf({ file, position }: Finding): string {
  return position < 0 ? file : `${file} at byte ${position}`
}

async function summaryOf(report: DirectoryReport): Promise<string> {
  const { countFindings } = await import('../../broker/log/inspect/verify-directory.ts')
  const counts = countFindings(report)
  const segments = report.partitions.flatMap((partition) => partition.segments)
  const sum = (of: (segment: (typeof segments)[number]) => number) =>
    segments.reduce((total, one) => total + of(one), 0)
  const size = `${sum((one) => one.bytes)} bytes`
  const content = `${report.partitions.length} partitions, ${segments.length} segments, ${sum((one) => one.batches)} batches, ${sum((one) => one.records)} records, ${size}`
  return `${report.path}: ${content}: ${counts.error} errors, ${counts.warning} warnings, ${counts.note} notes`
}

async function reportAsJson(report: DirectoryReport): Promise<unknown> {
  const { allFindings, countFindings } = await import('../../broker/log/inspect/verify-directory.ts')
  const partitions = report.partitions.map(({ directory, logStartOffset, logEndOffset, segments }) => ({
    ...{ directory, logStartOffset, logEndOffset },
    segments: segments.map(({ baseOffset, bytes, batches, records }) => ({ baseOffset, bytes, batches, records })),
  }))
  const findings = allFindings(report).map(({ severity, file, position, what, advice }) => ({
    ...{ severity, file, position, what, advice },
  }))
  return { path: report.path, ...countFindings(report), findings, partitions }
}

async function dump(path: string, flags: DumpFlags): Promise<void> {
  const found = existing(path)
  const { canDump, dumpPath } = await import('../../broker/log/inspect/dump.ts')
  const { kindOf } = await import('../../broker/log/inspect/partition-files.ts')
  const { LineWriter } = await import('../log-lines.ts')
  const { rowAsJson, rowAsText } = await import('../log-rows.ts')
  const disk = await realDisk()
  const isFile = statSync(found).isFile()
  if (isFile ? !canDump(basename(found)) : kindOf(disk, found) === null) {
    throw new UsageError(`${path}: neither a file of a log nor a data or partition directory`)
  }
  const out = new LineWriter()
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = flags.offsets ?? {}
  const options = { fromOffset: from, toOffset: to, records: flags.records === true }
  let left = flags.limit ?? Number.POSITIVE_INFINITY
  dumpPath(disk, found, options, (row) => {
    if (row.type !== 'file' && left-- <= 0) return false
    return out.line(flags.json ? JSON.stringify(rowAsJson(row, flags)) : rowAsText(row, flags))
  })
  out.flush()
}

async function repair(path: string, flags: RepairFlags): Promise<void> {
  const directory = existing(path)
  const { describeRepair, planRepair } = await import('../../broker/log/inspect/repair-plan.ts')
  const disk = await realDisk()
  const lock = flags.yes === true ? await takeDirectory(disk, directory) : null
  try {
    const plan = planRepair(disk, directory)
    const steps = plan.partitions.flatMap(describeRepair)
    const accepted = acceptedLosses(steps, flags)
    if (flags.yes !== true) return printPlan(plan, steps, accepted, flags)
    const { applyRepair } = await import('../../broker/log/inspect/repair.ts')
    applyRepair(disk, plan, accepted)
    await printOutcome(disk, plan, steps, accepted, flags)
  } finally {
    lock?.release()
  }
}

/** Throws DataDirError (exit code 2) when a broker, ours or Kafka's, holds the directory. */
async function takeDirectory(disk: Disk, directory: string): Promise<{ release(): void }> {
  const { dataDirOf } = await import('../../broker/log/inspect/repair.ts')
  const { kindOf } = await import('../../broker/log/inspect/partition-files.ts')
  const { DataDirError } = await import('../../broker/log/errors.ts')
  const isData = kindOf(disk, directory) === 'data'
  const held = isData ? directory : (dataDirOf(disk, directory, directory) ?? directory)
  const inUse = (pid: number) =>
    new DataDirError('LOCKED', held, `${held} is in use by process ${pid}: stop that broker, then repair`)
  const kafka = kafkaHolding(held)
  if (kafka !== null) throw inUse(kafka)
  try {
    return disk.lockSync(held)
  } catch (error) {
    const { code, pid } = error as { code?: unknown; pid?: number }
    throw code === 'ELOCKED' && pid !== undefined ? inUse(pid) : error
  }
}

/** The process that holds Kafka's lock on a data directory (a POSIX lock on `.lock`), as Linux tells; null where it does not. */
function kafkaHolding(dataDir: string): number | null {
  const path = join(dataDir, '.lock')
  if (!existsSync(path) || !existsSync('/proc/locks')) return null
  const inode = String(statSync(path).ino)
  for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
    const match = /\bPOSIX\s+ADVISORY\s+WRITE\s+(\d+)\s+\w+:\w+:(\d+)\s/.exec(line)
    if (match?.[2] === inode) return Number(match[1])
  }
  return null
}

function acceptedLosses(steps: readonly RepairStep[], flags: RepairFlags): ReadonlySet<string> {
  const accepted = new Set(flags.acceptLoss ?? [])
  const known = new Set(steps.flatMap((step) => (step.loss === null ? [] : [step.loss])))
  for (const loss of accepted) {
    if (known.has(loss)) continue
    const losses = known.size === 0 ? 'nothing would be lost' : `what would be lost is ${[...known].join(', ')}`
    throw new UsageError(`--accept-loss ${loss}: ${losses}`)
  }
  return accepted
}

function printPlan(
  plan: RepairPlan,
  steps: readonly RepairStep[],
  accepted: ReadonlySet<string>,
  flags: RepairFlags,
): void {
  if (flags.json) printJson({ path: plan.path, steps, hopeless: plan.hopeless, changed: false })
  else printSteps(plan, steps, accepted, 'would')
  if (steps.length > 0) progress('nothing has been changed: add --yes to do it')
  if (steps.length > 0 || plan.hopeless.length > 0) process.exitCode = 1
}

function printSteps(
  plan: RepairPlan,
  steps: readonly RepairStep[],
  accepted: ReadonlySet<string>,
  mood: 'would' | 'did',
): void {
  for (const { partition, what, loss } of steps) {
    const isRefused = loss !== null && !accepted.has(loss)
    const verb = isRefused ? 'needs --accept-loss' : mood
    printLine(`${verb} ${isRefused ? `${loss}  ` : ''}${partition}: ${what}`)
  }
  for (const finding of plan.hopeless) {
    printLine(`cannot repair ${placeOf(finding)}: ${finding.what}`)
    printLine(`         to do: ${finding.advice}`)
  }
  if (steps.length === 0 && plan.hopeless.length === 0) printLine(`${plan.path}: nothing to repair`)
}

async function printOutcome(
  disk: Disk,
  plan: RepairPlan,
  steps: readonly RepairStep[],
  accepted: ReadonlySet<string>,
  flags: RepairFlags,
): Promise<void> {
  const { countFindings, verifyDirectory } = await import('../../broker/log/inspect/verify-directory.ts')
  const after = verifyDirectory(disk, plan.path)
  if (flags.json) {
    printJson({ path: plan.path, steps, hopeless: plan.hopeless, changed: true, after: await reportAsJson(after) })
  } else {
    printSteps(plan, steps, accepted, 'did')
    printLine(await summaryOf(after))
  }
  if (countFindings(after).error > 0) process.exitCode = 1
}

function bytesOption(flag: string, what: string): Option {
  return new Option(`--${flag} <form>`, `how ${what} are printed`).choices(['utf8', 'hex']).default('utf8')
}

export function logCommand(): Command {
  const command = new Command('log').description(
    'look into data directories of Millrace or Apache Kafka, and repair them',
  )
  command
    .command('verify')
    .description('check every batch, index and checkpoint; changes nothing')
    .argument('<dir...>', 'data directories or partition directories')
    .option('--deep', 'decode every record too')
    .option('--json', 'print JSON, one object a directory')
    .action(verify)
  command
    .command('dump')
    .description('print what a file of a log, or every file of a directory, holds')
    .argument('<file|dir>')
    .option('--offsets <a..b>', 'only batches and records with these offsets, both ends included', offsetRange)
    .option('--records', 'print records too')
    .addOption(bytesOption('keys', 'keys'))
    .addOption(bytesOption('values', 'values and headers'))
    .option('--limit <n>', 'stop after this many batches, records and entries', integer(1))
    .option('--json', 'print JSON, one object a line')
    .action(dump)
  command
    .command('repair')
    .description('say what would put a directory right, and do it with --yes')
    .argument('<dir>', 'data directory or partition directory that no broker uses')
    .option('--yes', 'do it')
    .option('--accept-loss <partition:a-b>', 'give up these offsets (repeatable)', collect)
    .option('--json', 'print JSON')
    .action(repair)
  return command
}
