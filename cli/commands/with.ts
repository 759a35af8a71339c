import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { UsageError } from '../errors.ts'
import { integer } from '../parse.ts'
import { launchCluster } from '../supervisor/launch.ts'

/** Exit code of the command, or 128 + the number of the signal that ended it, as shells say it. */
function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', env })
    const forward = (signal: NodeJS.Signals) => child.kill(signal)
    process.on('SIGINT', forward)
    process.on('SIGTERM', forward)
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new UsageError(`with: ${file}: no such command`) : error)
    })
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward)
      process.off('SIGTERM', forward)
      resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 137))
    })
  })
}

/** Runs the command with the addresses where Kafka's clients look for them. */
async function runBeside(bootstrap: string, file: string, args: readonly string[]): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-with-'))
  try {
    // kcat has no variable for its brokers, but reads this file of librdkafka properties.
    const kcatConfig = join(scratch, 'kcat.conf')
    writeFileSync(kcatConfig, `bootstrap.servers=${bootstrap}\n`)
    return await run(file, args, {
      ...process.env,
      KAFKA_BOOTSTRAP_SERVERS: bootstrap,
      KCAT_CONFIG: process.env.KCAT_CONFIG ?? kcatConfig,
    })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function runWithBrokers(command: readonly string[], { brokers }: { brokers: number }): Promise<void> {
  const [file, ...args] = command
  if (file === undefined) throw new UsageError('with: a command was expected after --')
  if (brokers === 1) {
    const { startBroker } = await import('../../broker/index.ts')
    await using broker = await startBroker({ memory: true, port: 0 })
    process.exitCode = await runBeside(broker.bootstrap, file, args)
    return
  }
  await using cluster = await launchCluster({ brokers, dataDir: null })
  process.exitCode = await runBeside(cluster.bootstrap, file, args)
}

export function withCommand(): Command {
  return new Command('with')
    .description('run a command beside ephemeral in-memory brokers; exits with the code of the command')
    .usage('[options] -- CMD...')
    .argument('<command...>', 'the command and its arguments, after --')
    .option('--brokers <n>', 'number of brokers; several are a cluster, one process each', integer(1, 100), 1)
    .passThroughOptions()
    .action(runWithBrokers)
}
