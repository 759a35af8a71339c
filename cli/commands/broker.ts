import { Command } from 'commander'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { UsageError } from '../errors.ts'
import { printJson, printLine, printTable } from '../output.ts'
import { integer } from '../parse.ts'
import { brokerDrainCommand } from './broker-drain.ts'

interface JsonOption extends ConnectOptions {
  readonly json?: boolean
}

function subcommand(name: string, description: string): Command {
  return new Command(name).description(description).addOption(bootstrapOption()).option('--json', 'print JSON')
}

function list(): Command {
  return subcommand('list', 'registered brokers, what they lead and what they hold').action((options: JsonOption) =>
    withClient(options, async (client) => {
      const admin = client.admin()
      const [brokers, topics] = await Promise.all([admin.describeBrokers(), admin.listTopics()])
      const described = topics.length === 0 ? [] : await admin.describeTopics(topics.map(({ name }) => name))
      const partitions = described.flatMap((topic) => topic.partitions)
      const rows = brokers.map((broker) => ({
        ...broker,
        leads: partitions.filter(({ leader }) => leader === broker.id).length,
        replicas: partitions.filter(({ replicas }) => replicas.includes(broker.id)).length,
        inSync: partitions.filter(({ inSync }) => inSync.includes(broker.id)).length,
      }))
      if (options.json) return printJson(rows)
      printTable(
        ['broker', 'address', 'rack', 'state', 'leads', 'replicas', 'in sync'],
        rows.map(({ id, host, port, rack, fenced, controller, leads, replicas, inSync }) => [
          id,
          `${host}:${port}`,
          rack ?? '-',
          `${fenced ? 'fenced' : 'active'}${controller ? ', controller' : ''}`,
          leads,
          replicas,
          inSync,
        ]),
      )
    }),
  )
}

function unregister(): Command {
  return subcommand('unregister', 'forget a broker that will not come back')
    .argument('<broker>', 'node id', integer(0, 0x7fff_ffff))
    .action((id: number, options: JsonOption) =>
      withClient(options, async (client) => {
        const admin = client.admin()
        const serves = (await admin.describeBrokers()).some((broker) => broker.id === id && !broker.fenced)
        if (serves) throw new UsageError(`broker ${id} serves, and would register again: stop it first`)
        await admin.unregisterBroker(id)
        if (options.json) printJson({ unregistered: id })
        else printLine(`broker ${id} is forgotten`)
      }),
    )
}

export function brokerCommand(): Command {
  const command = new Command('broker').description('brokers of the cluster')
  for (const sub of [list(), brokerDrainCommand(), unregister()]) command.addCommand(sub)
  return command
}
