import { Command } from 'commander'
import type { Admin } from '../../client/index.ts'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { type Diagnosis, diagnose, type Look } from '../doctor/diagnose.ts'
import { printJson, printLine, printTable } from '../output.ts'

interface DoctorOptions extends ConnectOptions {
  readonly json?: boolean
  readonly topic?: readonly string[]
  readonly problems?: boolean
}

async function look(admin: Admin, topics: readonly string[] | undefined): Promise<Look> {
  const [brokers, partitions, quorum] = await Promise.all([
    admin.describeBrokers(),
    admin.describePartitions(topics),
    // A cluster may have none to describe, or no leader to ask.
    admin.describeQuorum().catch(() => null),
  ])
  const alive = brokers.filter(({ fenced }) => !fenced)
  const ends = await Promise.all(
    alive.map(async ({ id }) => {
      const own = partitions.filter(({ replicas }) => replicas.includes(id))
      return own.length === 0 ? [] : admin.listReplicaEnds(id, own)
    }),
  )
  return { brokers, partitions, quorum, ends: ends.flat() }
}

function print({ brokers, quorum }: Look, { findings, partitions }: Diagnosis, problemsOnly: boolean): void {
  if (!problemsOnly) {
    const alive = brokers.filter(({ fenced }) => !fenced).length
    const led = partitions.filter(({ leader }) => leader >= 0).length
    printLine(`${alive} of ${brokers.length} brokers serve; the metadata quorum is led by ${quorum?.leader ?? '?'}`)
    const sure = partitions.filter(({ safe }) => safe).length
    printLine(`${led} of ${partitions.length} partitions have a leader, ${sure} one that is sure to have everything`)
    if (partitions.length > 0) {
      printLine('')
      printTable(
        ['partition', 'leader', 'epoch', 'in sync', 'eligible', 'ends', 'why this leader'],
        partitions.map((one) => [
          `${one.topic}-${one.partition}`,
          one.leader < 0 ? '-' : one.leader,
          one.leaderEpoch,
          one.inSync.join(',') || '-',
          one.eligible.join(',') || '-',
          one.ends.map(({ broker, endOffset }) => `${broker}:${endOffset}`).join(' ') || '-',
          one.why,
        ]),
      )
    }
    printLine('')
  }
  for (const { level, text } of findings) printLine(`${level}: ${text}`)
  if (findings.length === 0) printLine('nothing is wrong')
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look a cluster over: who leads each partition and why that is safe, and what is wrong')
    .addOption(bootstrapOption())
    .option('--json', 'print JSON')
    .option('-t, --topic <names...>', 'these topics only')
    .option('--problems', 'only what is wrong')
    .action((options: DoctorOptions) =>
      withClient(options, async (client) => {
        const seen = await look(client.admin(), options.topic)
        const diagnosis = diagnose(seen)
        if (options.json === true) printJson({ brokers: seen.brokers, quorum: seen.quorum, ...diagnosis })
        else print(seen, diagnosis, options.problems === true)
        if (diagnosis.findings.some(({ level }) => level === 'error')) process.exitCode = 1
      }),
    )
}
