import { Command } from 'commander'
import type { Admin, BrokerDescription, PartitionReassignment, TopicDescription } from '../../client/index.ts'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { UsageError } from '../errors.ts'
import { printJson, printLine, progress } from '../output.ts'
import { integer } from '../parse.ts'

interface DrainOptions extends ConnectOptions {
  readonly json?: boolean
  readonly wait?: boolean
}

const POLL_MS = 500

/** Who holds how much, and where it is. */
class Shares {
  private readonly counts = new Map<number, number>()
  private readonly racks: ReadonlyMap<number, string | null>

  constructor(brokers: readonly BrokerDescription[], topics: readonly TopicDescription[]) {
    this.racks = new Map(brokers.map(({ id, rack }) => [id, rack]))
    for (const { id } of brokers) this.counts.set(id, 0)
    for (const { partitions } of topics) for (const { replicas } of partitions) for (const id of replicas) this.add(id)
  }

  add(id: number): void {
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1)
  }

  /** The one that holds least, in a rack without a replica if there is one. */
  best(candidates: readonly number[], holding: readonly number[]): number | undefined {
    const taken = new Set(holding.map((id) => this.racks.get(id)))
    const isTaken = (id: number) => Number(taken.has(this.racks.get(id) ?? null) && this.racks.get(id) !== null)
    const count = (id: number) => this.counts.get(id) ?? 0
    return candidates.toSorted((a, b) => isTaken(a) - isTaken(b) || count(a) - count(b) || a - b)[0]
  }
}

/** Moves that leave nothing on the broker. Throws UsageError where no other one could take a replica. */
export function drainMoves(
  leaving: number,
  brokers: readonly BrokerDescription[],
  topics: readonly TopicDescription[],
): PartitionReassignment[] {
  const shares = new Shares(brokers, topics)
  const others = brokers.filter(({ id, fenced }) => id !== leaving && !fenced).map(({ id }) => id)
  return topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .filter(({ replicas }) => replicas.includes(leaving))
      .map(({ partition, replicas }) => {
        const staying = replicas.filter((id) => id !== leaving)
        const free = others.filter((id) => !replicas.includes(id))
        const next = shares.best(free, staying)
        if (next === undefined) {
          const wanted = `${topic}-${partition} has ${replicas.length} replicas`
          throw new UsageError(`${wanted}, and no other broker that serves is without one: start another broker first`)
        }
        shares.add(next)
        return { topic, partition, replicas: replicas.map((id) => (id === leaving ? next : id)) }
      }),
  )
}

async function untilDone(admin: Admin, leaving: number): Promise<void> {
  for (;;) {
    const moving = await admin.listPartitionReassignments()
    const left = moving.filter(({ removing }) => removing.includes(leaving))
    if (left.length === 0) return
    progress(`${left.length} partitions still move`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function drain(admin: Admin, leaving: number, options: DrainOptions): Promise<void> {
  const [brokers, names] = await Promise.all([admin.describeBrokers(), admin.listTopics()])
  if (!brokers.some(({ id }) => id === leaving)) throw new UsageError(`there is no broker ${leaving}`)
  const topics = names.length === 0 ? [] : await admin.describeTopics(names.map(({ name }) => name))
  const moves = drainMoves(leaving, brokers, topics)
  if (moves.length > 0) await admin.alterPartitionReassignments(moves)
  if (options.wait === true) await untilDone(admin, leaving)
  if (options.json === true) return printJson({ broker: leaving, moves })
  printLine(`${options.wait === true ? 'moved' : 'moving'} ${moves.length} partitions away from broker ${leaving}`)
  const { voters } = await admin.describeQuorum()
  if (voters.some(({ id }) => id === leaving)) {
    printLine(`it has a vote in the metadata quorum: millrace quorum remove-voter ${leaving}`)
  }
}

export function brokerDrainCommand(): Command {
  return new Command('drain')
    .description('move everything that a broker holds to the others, so that it can be taken away')
    .addOption(bootstrapOption())
    .option('--json', 'print JSON')
    .argument('<broker>', 'node id', integer(0, 0x7fff_ffff))
    .option('--wait', 'return when all has moved')
    .action((id: number, options: DrainOptions) => withClient(options, (client) => drain(client.admin(), id, options)))
}
