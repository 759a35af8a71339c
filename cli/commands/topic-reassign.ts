import { Command, InvalidArgumentError } from 'commander'
import type { Admin, PartitionMove, PartitionReassignment } from '../../client/index.ts'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { UsageError } from '../errors.ts'
import { printJson, printLine, printTable, progress } from '../output.ts'
import { integer } from '../parse.ts'

interface ReassignOptions extends ConnectOptions {
  readonly json?: boolean
  readonly to?: readonly number[]
  readonly partition?: number
  readonly cancel?: boolean
  readonly list?: boolean
  readonly wait?: boolean
}

const POLL_MS = 500

function brokerIds(text: string): number[] {
  const ids = text.split(',').map(integer(0, 0x7fff_ffff))
  if (new Set(ids).size !== ids.length) throw new InvalidArgumentError('each broker may be named once.')
  return ids
}

/** Partition i begins with the i-th broker, so that the leaders spread over all of them. */
function rotated(brokers: readonly number[], by: number): number[] {
  const at = by % brokers.length
  return [...brokers.slice(at), ...brokers.slice(0, at)]
}

async function movesOf(admin: Admin, topic: string, options: ReassignOptions): Promise<PartitionReassignment[]> {
  const { to, partition, cancel } = options
  if (cancel === true) {
    const moving = await admin.listPartitionReassignments()
    const own = moving.filter((move) => move.topic === topic && (partition ?? move.partition) === move.partition)
    return own.map((move) => ({ topic, partition: move.partition, replicas: null }))
  }
  if (to === undefined) throw new UsageError('topic reassign: one of --to, --cancel or --list is needed')
  const [description] = await admin.describeTopics([topic])
  const all = (description?.partitions ?? []).map((entry) => entry.partition)
  const wanted = all.filter((index) => (partition ?? index) === index)
  if (wanted.length === 0) throw new UsageError(`--partition ${partition}: ${topic} has ${all.length} partitions`)
  return wanted.map((index) => ({
    topic,
    partition: index,
    replicas: partition === undefined ? rotated(to, index) : to,
  }))
}

function print(moves: readonly PartitionMove[], json: boolean | undefined): void {
  if (json === true) return printJson(moves)
  printTable(
    ['partition', 'replicas', 'coming', 'leaving'],
    moves.map(({ partition, replicas, adding, removing }) => [
      partition,
      replicas.join(','),
      adding.join(',') || '-',
      removing.join(',') || '-',
    ]),
  )
}

async function ongoing(admin: Admin, topic: string): Promise<PartitionMove[]> {
  return (await admin.listPartitionReassignments()).filter((move) => move.topic === topic)
}

async function reassign(admin: Admin, topic: string, options: ReassignOptions): Promise<void> {
  if (options.list === true) return print(await ongoing(admin, topic), options.json)
  const moves = await movesOf(admin, topic, options)
  if (moves.length > 0) await admin.alterPartitionReassignments(moves)
  if (options.wait === true) {
    for (let left = await ongoing(admin, topic); left.length > 0; left = await ongoing(admin, topic)) {
      progress(`${left.length} of ${moves.length} partitions still move`)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
  if (options.json === true) return printJson({ topic, reassigned: moves })
  const what = options.cancel === true ? 'cancelled' : options.wait === true ? 'moved' : 'moving'
  printLine(`${what} ${moves.length} partitions of ${topic}`)
}

export function topicReassignCommand(): Command {
  return new Command('reassign')
    .description('move the partitions of a topic to other brokers')
    .addOption(bootstrapOption())
    .option('--json', 'print JSON')
    .argument('<name>')
    .option('--to <ids>', 'brokers that shall hold it, as 1,2,3; leaders are spread over them', brokerIds)
    .option('--partition <n>', 'this partition only; the first broker is then its preferred leader', integer(0))
    .option('--cancel', 'go back to where the partitions were')
    .option('--list', 'show moves under way')
    .option('--wait', 'return when the move is done')
    .action((name: string, options: ReassignOptions) =>
      withClient(options, (client) => reassign(client.admin(), name, options)),
    )
}
