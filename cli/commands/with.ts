import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { UsageError } from '../errors.ts'
import { integer } from '../parse.ts'

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

async function runWithBroker(command: readonly string[], options: { brokers: number }): Promise<void> {
  const [file, ...args] = command
  if (file === undefined) throw new UsageError('with: a command was expected after --')
  if (options.brokers !== 1) throw new UsageError('--brokers: one broker is supported for now')
  const { startBroker } = await import('../../broker/index.ts')
  await using broker = await startBroker({ memory: true, port: 0 })
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-with-'))
  try {
    // kcat has no variable for its brokers, but reads this file of librdkafka properties.
    const kcatConfig = join(scratch, 'kcat.conf')
    writeFileSync(kcatConfig, `bootstrap.servers=${broker.bootstrap}\n`)
    process.exitCode = await run(file, args, {
      ...process.env,
      KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
      KCAT_CONFIG: process.env.KCAT_CONFIG ?? kcatConfig,
    })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

export function withCommand(): Command {
  return new Command('with')
    .description('run a command beside an ephemeral in-memory broker; exits with the code of the command')
    .usage('[options] -- CMD...')
    .argument('<command...>', 'the command and its arguments, after --')
    .option('--brokers <n>', 'number of brokers', integer(1, 100), 1)
    .passThroughOptions()
    .action(runWithBroker)
}
