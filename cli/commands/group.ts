import { Command } from 'commander'
import type { Admin } from '../../client/index.ts'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { UsageError } from '../errors.ts'
import { printJson, printLine, printTable } from '../output.ts'

interface JsonOption extends ConnectOptions {
  readonly json?: boolean
}

function subcommand(name: string, description: string): Command {
  return new Command(name).description(description).addOption(bootstrapOption()).option('--json', 'print JSON')
}

function list(): Command {
  return subcommand('list', 'list consumer groups').action((options: JsonOption) =>
    withClient(options, async (client) => {
      const groups = await client.admin().listGroups()
      if (options.json) printJson(groups)
      else
        printTable(
          ['group', 'state', 'type'],
          groups.map((entry) => [entry.group, entry.state, entry.type || entry.protocolType]),
        )
    }),
  )
}

/** Committed offset, end and lag of every partition the group has committed. */
async function lagOf(admin: Admin, group: string) {
  const offsets = await admin.listGroupOffsets(group)
  const ends = await admin.listOffsets(offsets, 'latest')
  return offsets.map((entry) => {
    const end = ends.find((candidate) => candidate.topic === entry.topic && candidate.partition === entry.partition)
    return { ...entry, end: end?.offset ?? -1, lag: end === undefined ? -1 : end.offset - entry.offset }
  })
}

function describe(): Command {
  return subcommand('describe', 'members, committed offsets and lag of a group')
    .argument('<group>')
    .action((name: string, options: JsonOption) =>
      withClient(options, async (client) => {
        const admin = client.admin()
        const [group] = await admin.describeGroups([name])
        if (group === undefined) return
        const offsets = await lagOf(admin, name)
        if (options.json) {
          printJson({ ...group, offsets })
          return
        }
        printLine(`${group.group}  state=${group.state}  protocol=${group.protocol || '-'}`)
        for (const member of group.members) {
          const owned = member.partitions.map((entry) => `${entry.topic}-${entry.partition}`).join(' ')
          printLine(`member ${member.memberId}  ${member.clientId}@${member.clientHost}  ${owned}`)
        }
        printTable(
          ['topic', 'partition', 'committed', 'end', 'lag'],
          offsets.map((entry) => [entry.topic, entry.partition, entry.offset, entry.end, entry.lag]),
        )
      }),
    )
}

function offsetOf(text: string): number {
  const offset = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(offset)) return offset
  throw new UsageError(`--to ${text}: earliest, latest or an offset was expected`)
}

function reset(): Command {
  return subcommand('reset', 'set the committed offsets of a group without active members')
    .argument('<group>')
    .argument('<topic>')
    .requiredOption('--to <earliest|latest|OFFSET>', 'where the group goes on')
    .action((group: string, topic: string, options: JsonOption & { to: string }) =>
      withClient(options, async (client) => {
        const admin = client.admin()
        const [description] = await admin.describeTopics([topic])
        const partitions = (description?.partitions ?? []).map((entry) => ({ topic, partition: entry.partition }))
        const offsets =
          options.to === 'earliest' || options.to === 'latest'
            ? await admin.listOffsets(partitions, options.to)
            : partitions.map((entry) => ({ ...entry, offset: offsetOf(options.to) }))
        await admin.alterGroupOffsets(
          group,
          offsets.map(({ partition, offset }) => ({ topic, partition, offset })),
        )
        if (options.json) printJson({ group, topic, offsets })
        else
          printTable(
            ['topic', 'partition', 'committed'],
            offsets.map((entry) => [topic, entry.partition, entry.offset]),
          )
      }),
    )
}

function remove(): Command {
  return subcommand('delete', 'delete groups and their committed offsets')
    .argument('<groups...>')
    .action((groups: string[], options: JsonOption) =>
      withClient(options, async (client) => {
        await client.admin().deleteGroups(groups)
        if (options.json) printJson({ deleted: groups })
        else for (const group of groups) printLine(`deleted ${group}`)
      }),
    )
}

export function groupCommand(): Command {
  const command = new Command('group').description('list, describe, reset and delete consumer groups')
  for (const sub of [list(), describe(), reset(), remove()]) command.addCommand(sub)
  return command
}
