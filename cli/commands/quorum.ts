import { Command } from 'commander'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { UsageError } from '../errors.ts'
import { printJson, printLine, printTable } from '../output.ts'
import { integer } from '../parse.ts'

interface JsonOption extends ConnectOptions {
  readonly json?: boolean
}

function subcommand(name: string, description: string): Command {
  return new Command(name).description(description).addOption(bootstrapOption()).option('--json', 'print JSON')
}

/** A time of the past as seconds ago; a dash when nobody knows. */
function ago(timeMs: number, nowMs: number): string {
  return timeMs < 0 ? '-' : `${(Math.max(0, nowMs - timeMs) / 1000).toFixed(1)} s ago`
}

function describe(): Command {
  return subcommand('describe', 'leader, voters and observers of the metadata quorum').action((options: JsonOption) =>
    withClient(options, async (client) => {
      const quorum = await client.admin().describeQuorum()
      if (options.json) return printJson(quorum)
      const { leader, leaderEpoch, highWatermark, voters, observers } = quorum
      printLine(`leader=${leader}  epoch=${leaderEpoch}  committed=${highWatermark}`)
      const nowMs = Date.now()
      const end = voters.find(({ id }) => id === leader)?.logEndOffset ?? highWatermark
      const row = (role: string) => (replica: (typeof voters)[number]) => [
        replica.id,
        replica.id === leader ? 'leader' : role,
        replica.address ?? '-',
        replica.directoryId,
        replica.logEndOffset,
        replica.logEndOffset < 0 ? '-' : Math.max(0, end - replica.logEndOffset),
        ago(replica.lastFetchMs, nowMs),
        ago(replica.lastCaughtUpMs, nowMs),
      ]
      printTable(
        ['node', 'role', 'address', 'directory', 'end', 'lag', 'last fetch', 'last caught up'],
        [...voters.map(row('voter')), ...observers.map(row('observer'))],
      )
    }),
  )
}

interface AddOptions extends JsonOption {
  readonly directory?: string
}

/** The directory of a member: as given, or as the quorum knows it. */
async function directoryOf(
  admin: { describeQuorum(): Promise<{ voters: readonly Member[]; observers: readonly Member[] }> },
  id: number,
  given: string | undefined,
): Promise<string> {
  if (given !== undefined) return given
  const { voters, observers } = await admin.describeQuorum()
  const found = [...voters, ...observers].find((member) => member.id === id)
  if (found !== undefined) return found.directoryId
  throw new UsageError(`node ${id} does not follow the quorum: start it first, or name its directory with --directory`)
}

interface Member {
  readonly id: number
  readonly directoryId: string
}

function addVoter(): Command {
  return subcommand('add-voter', 'make a node that follows the quorum a voter')
    .argument('<node>', 'node id', integer(0, 0x7fff_ffff))
    .argument('<host:port>', 'where other members of the quorum reach it')
    .option('--directory <id>', 'id of its metadata directory; looked up unless given')
    .action((id: number, address: string, options: AddOptions) => {
      const match = /^\[?([^\]]+?)\]?:(\d+)$/.exec(address)
      const port = Number(match?.[2])
      if (match?.[1] === undefined || port < 1 || port > 65_535) {
        throw new UsageError(`${address}: host:port was expected`)
      }
      const host = match[1]
      return withClient(options, async (client) => {
        const admin = client.admin()
        const directoryId = await directoryOf(admin, id, options.directory)
        await admin.addVoter({ id, directoryId, host, port })
        if (options.json) printJson({ added: id, directoryId })
        else printLine(`node ${id} is a voter`)
      })
    })
}

function removeVoter(): Command {
  return subcommand('remove-voter', 'take the vote of a node away')
    .argument('<node>', 'node id', integer(0, 0x7fff_ffff))
    .option('--directory <id>', 'id of its metadata directory; looked up unless given')
    .action((id: number, options: AddOptions) =>
      withClient(options, async (client) => {
        const admin = client.admin()
        const directoryId = await directoryOf(admin, id, options.directory)
        await admin.removeVoter({ id, directoryId })
        if (options.json) printJson({ removed: id, directoryId })
        else printLine(`node ${id} is no voter any more`)
      }),
    )
}

export function quorumCommand(): Command {
  const command = new Command('quorum').description('the metadata quorum: who leads it, who votes')
  for (const sub of [describe(), addVoter(), removeVoter()]) command.addCommand(sub)
  return command
}
