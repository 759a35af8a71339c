import { Command } from 'commander'
import type { Admin, FeatureUpdateOptions } from '../../client/index.ts'
import { bootstrapOption, type ConnectOptions, withClient } from '../connect.ts'
import { UsageError } from '../errors.ts'
import { printJson, printLine, printTable } from '../output.ts'
import { keyValue } from '../parse.ts'

interface JsonOption extends ConnectOptions {
  readonly json?: boolean
}

interface ChangeOptions extends JsonOption {
  readonly dryRun?: boolean
  readonly unsafe?: boolean
}

/** Highest level on the wire (int16). */
const LEVEL_MAX = 0x7fff

function subcommand(name: string, description: string): Command {
  return new Command(name).description(description).addOption(bootstrapOption()).option('--json', 'print JSON')
}

function list(): Command {
  return subcommand('list', 'features, the levels that are supported, and what the cluster has agreed on').action(
    (options: JsonOption) =>
      withClient(options, async (client) => {
        const features = await client.admin().describeFeatures()
        if (options.json) return printJson(features)
        printTable(
          ['feature', 'lowest', 'highest', 'agreed on'],
          features.map(({ name, minLevel, maxLevel, level }) => [name, minLevel, maxLevel, level || '-']),
        )
      }),
  )
}

/** `name=level` arguments; every feature at the highest level that the cluster's brokers understand when there are none. */
async function wantedLevels(admin: Admin, texts: readonly string[]): Promise<Record<string, number>> {
  if (texts.length === 0) {
    const features = await admin.describeFeatures()
    return Object.fromEntries(features.map(({ name, maxLevel }) => [name, maxLevel]))
  }
  const given = texts.reduce<Record<string, string>>((found, text) => keyValue(text, found), {})
  return Object.fromEntries(
    Object.entries(given).map(([name, level]) => {
      if (!/^\d{1,5}$/.test(level) || Number(level) > LEVEL_MAX) {
        throw new UsageError(`${name}=${level}: a whole number from 0 to ${LEVEL_MAX} was expected`)
      }
      return [name, Number(level)]
    }),
  )
}

async function change(texts: readonly string[], options: ChangeOptions, update: FeatureUpdateOptions): Promise<void> {
  const validateOnly = options.dryRun === true
  await withClient(options, async (client) => {
    const admin = client.admin()
    const levels = await wantedLevels(admin, texts)
    await admin.updateFeatures(levels, { ...update, validateOnly })
    if (options.json) return printJson({ levels, validateOnly })
    for (const [name, level] of Object.entries(levels)) {
      printLine(`${name} ${validateOnly ? 'can be' : 'is'} at level ${level}`)
    }
  })
}

function upgrade(): Command {
  return subcommand('upgrade', 'raise levels, once every broker understands them: the last step of a rolling upgrade')
    .argument('[name=level...]', 'features to raise; all of them as far as they go when none is named')
    .option('--dry-run', 'only say whether it could be done')
    .action((texts: string[], options: ChangeOptions) => change(texts, options, {}))
}

function downgrade(): Command {
  return subcommand('downgrade', 'lower levels, where nothing is lost by it')
    .argument('<name=level...>', 'features to lower')
    .option('--unsafe', 'even where something is lost')
    .option('--dry-run', 'only say whether it could be done')
    .action((texts: string[], options: ChangeOptions) =>
      change(texts, options, { downgrade: options.unsafe === true ? 'unsafe' : 'safe' }),
    )
}

export function featureCommand(): Command {
  const command = new Command('feature').description('feature levels that the brokers of a cluster agree on')
  for (const sub of [list(), upgrade(), downgrade()]) command.addCommand(sub)
  return command
}
