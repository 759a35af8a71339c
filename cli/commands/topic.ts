import { Command } from 'commander'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { printJson, printLine, printTable } from '../output.ts'
import { integer, keyValue } from '../parse.ts'
import { topicReassignCommand } from './topic-reassign.ts'

interface JsonOption extends ConnectOptions {
  readonly json?: boolean
}

interface CreateOptions extends JsonOption {
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config?: Record<string, string>
}

function subcommand(name: string, description: string): Command {
  return new Command(name).description(description).addOption(bootstrapOption()).option('--json', 'print JSON')
}

function list(): Command {
  return subcommand('list', 'list topics')
    .option('--internal', 'internal topics too')
    .action((options: JsonOption & { internal?: boolean }) =>
      withClient(options, async (client) => {
        const topics = (await client.admin().listTopics()).filter((topic) => options.internal || !topic.internal)
        topics.sort((a, b) => (a.name < b.name ? -1 : 1))
        if (options.json) printJson(topics)
        else for (const topic of topics) printLine(topic.name)
      }),
    )
}

function create(): Command {
  return subcommand('create', 'create a topic')
    .argument('<name>')
    .option('-p, --partitions <n>', 'number of partitions', integer(1, 100_000))
    .option('-r, --replication-factor <n>', 'copies of each partition', integer(1, 100))
    .option('-c, --config <name=value>', 'topic config (repeatable)', keyValue)
    .action((name: string, options: CreateOptions) =>
      withClient(options, async (client) => {
        const [created] = await client.admin().createTopics([
          {
            name,
            ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
            ...(options.replicationFactor === undefined ? {} : { replicationFactor: options.replicationFactor }),
            ...(options.config === undefined ? {} : { configs: options.config }),
          },
        ])
        if (options.json) printJson(created)
        else printLine(`created ${name}`)
      }),
    )
}

function describe(): Command {
  return subcommand('describe', 'partitions, leaders, offsets and configs of a topic')
    .argument('<name>')
    .action((name: string, options: JsonOption) =>
      withClient(options, async (client) => {
        const admin = client.admin()
        const [topic] = await admin.describeTopics([name])
        if (topic === undefined) return
        const partitions = topic.partitions.map((entry) => ({ topic: name, partition: entry.partition }))
        const [first, next, configs] = await Promise.all([
          admin.listOffsets(partitions, 'earliest'),
          admin.listOffsets(partitions, 'latest'),
          admin.describeConfigs({ type: 'topic', name }),
        ])
        const rows = topic.partitions.map((entry) => ({
          partition: entry.partition,
          leader: entry.leader,
          replicas: entry.replicas,
          inSync: entry.inSync,
          firstOffset: first.find((offset) => offset.partition === entry.partition)?.offset ?? -1,
          nextOffset: next.find((offset) => offset.partition === entry.partition)?.offset ?? -1,
        }))
        const overrides = configs.filter((entry) => entry.source === 'topic')
        if (options.json) {
          printJson({
            name,
            id: topic.id,
            partitions: rows,
            configs: Object.fromEntries(overrides.map((entry) => [entry.name, entry.value])),
          })
          return
        }
        printLine(
          `${name}  id=${topic.id}  ${overrides.map((entry) => `${entry.name}=${entry.value}`).join(' ')}`.trimEnd(),
        )
        printTable(
          ['partition', 'leader', 'replicas', 'in sync', 'first offset', 'next offset'],
          rows.map((row) => [
            row.partition,
            row.leader,
            row.replicas.join(','),
            row.inSync.join(','),
            row.firstOffset,
            row.nextOffset,
          ]),
        )
      }),
    )
}

function remove(): Command {
  return subcommand('delete', 'delete topics and everything in them')
    .argument('<names...>')
    .action((names: string[], options: JsonOption) =>
      withClient(options, async (client) => {
        await client.admin().deleteTopics(names)
        if (options.json) printJson({ deleted: names })
        else for (const name of names) printLine(`deleted ${name}`)
      }),
    )
}

function alter(): Command {
  return subcommand('alter', 'change configs or grow the number of partitions')
    .argument('<name>')
    .option('-p, --partitions <n>', 'new total of partitions', integer(1, 100_000))
    .option('-c, --config <name=value>', 'set a config (repeatable); an empty value goes back to the default', keyValue)
    .action((name: string, options: CreateOptions) =>
      withClient(options, async (client) => {
        const admin = client.admin()
        if (options.partitions !== undefined) await admin.createPartitions({ [name]: options.partitions })
        const changes = Object.entries(options.config ?? {}).map(([key, value]) =>
          value === '' ? { delete: key } : { set: key, to: value },
        )
        if (changes.length > 0) await admin.alterConfigs({ type: 'topic', name }, changes)
        if (options.json) printJson({ altered: name })
        else printLine(`altered ${name}`)
      }),
    )
}

export function topicCommand(): Command {
  const command = new Command('topic').description('create, list, describe, alter, reassign and delete topics')
  for (const sub of [list(), create(), describe(), alter(), topicReassignCommand(), remove()]) command.addCommand(sub)
  return command
}
