/** The `millrace` command: parses, loads what the subcommand needs, turns every error into one line and an exit code. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { assetPath } from '../proto/assets.ts'
import { brokerCommand } from './commands/broker.ts'
import { clusterCommand } from './commands/cluster.ts'
import { consumeCommand } from './commands/consume.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { featureCommand } from './commands/feature.ts'
import { groupCommand } from './commands/group.ts'
import { logCommand } from './commands/log.ts'
import { produceCommand } from './commands/produce.ts'
import { quorumCommand } from './commands/quorum.ts'
import { startCommand } from './commands/start.ts'
import { topicCommand } from './commands/topic.ts'
import { withCommand } from './commands/with.ts'
import { exitCodeOf, oneLine } from './errors.ts'

function version(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(assetPath('package.json'), 'utf8'))
  return version
}

function program(): Command {
  const command = new Command('millrace')
    .description('A Kafka-compatible log broker and stream processor.')
    .version(version())
    .showSuggestionAfterError()
    .enablePositionalOptions()
  for (const sub of [
    startCommand(),
    clusterCommand(),
    withCommand(),
    demoCommand(),
    topicCommand(),
    produceCommand(),
    consumeCommand(),
    groupCommand(),
    brokerCommand(),
    quorumCommand(),
    featureCommand(),
    doctorCommand(),
    logCommand(),
  ]) {
    command.addCommand(sub)
  }
  refuseInOneLine(command)
  return command
}

/** Commander would print usage after an error and exit with 1; here an error is one line and the exit code 2. */
function refuseInOneLine(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined })
  for (const sub of command.commands) refuseInOneLine(sub)
}

export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return
    if (error instanceof CommanderError && error.code === 'commander.help') {
      process.exitCode = 2
      return
    }
    process.stderr.write(`millrace: ${oneLine(error).replace(/^error: /, '')}\n`)
    process.exitCode = exitCodeOf(error)
  }
}
