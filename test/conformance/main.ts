/**
 * `npm run conformance -- record [NAME...]`: runs the scenarios against Apache Kafka (test/oracle/rig starts one; or
 * `--bootstrap HOST:PORT`) and stores its replies in test/conformance/recorded.
 * `npm run conformance -- check --bootstrap HOST:PORT [NAME...]`: compares any broker with what is recorded.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runScenario } from './run.ts'
import { parseScenario } from './scenario.ts'
import { Wire } from './wire.ts'

const here = import.meta.dirname
const rig = join(here, '..', 'oracle', 'rig')
/** What the recordings assume of the broker beside Kafka's defaults. */
const brokerSettings = ['group.initial.rebalance.delay.ms=0', 'offsets.topic.num.partitions=4']

const { values, positionals } = parseArgs({ allowPositionals: true, options: { bootstrap: { type: 'string' } } })
const [mode = 'record', ...only] = positionals

/** A fresh Kafka answers COORDINATOR_LOAD_IN_PROGRESS until it holds a block of producer ids. */
async function awaitProducerIds(host: string, port: number): Promise<void> {
  const wire = await Wire.connect(host, port)
  for (let attempt = 0; attempt < 200; attempt++) {
    const body = { transactionalId: null, transactionTimeoutMs: 60_000 }
    const reply = (await wire.request('InitProducerId', 2, body)) as { errorCode: number }
    if (reply.errorCode === 0) return wire.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the broker gives out no producer ids')
}

async function runAll(bootstrap: string): Promise<void> {
  const [host, port] = [
    bootstrap.slice(0, bootstrap.lastIndexOf(':')),
    Number(bootstrap.slice(bootstrap.lastIndexOf(':') + 1)),
  ]
  await awaitProducerIds(host, port)
  let different = 0
  const names = readdirSync(join(here, 'scenarios')).map((file) => file.replace(/\.scenario$/, ''))
  const chosen = names.filter((name) => only.length === 0 || only.some((part) => name.includes(part)))
  for (const name of chosen) {
    const scenario = parseScenario(readFileSync(join(here, 'scenarios', `${name}.scenario`), 'utf8'))
    const replies = await runScenario(scenario, host, port).catch((error: unknown) => {
      throw new Error(`scenario ${name} could not run`, { cause: error })
    })
    const text = `${JSON.stringify(replies, null, 1)}\n`
    const target = join(here, 'recorded', `${name}.json`)
    if (mode === 'record') writeFileSync(target, text)
    else if (readFileSync(target, 'utf8') !== text) {
      different++
      writeFileSync(`/tmp/${name}.json`, text)
      console.error(`differs: ${name} (diff ${target} /tmp/${name}.json)`)
    }
    console.error(`${mode}: ${name}`)
  }
  console.log(`${chosen.length - different} passed, ${different} failed`)
  if (different > 0) process.exitCode = 1
}

if (values.bootstrap !== undefined) await runAll(values.bootstrap)
else {
  execFileSync(rig, ['start', '1', '19492', ...brokerSettings], { stdio: 'inherit' })
  try {
    await runAll('127.0.0.1:19492')
  } finally {
    execFileSync(rig, ['stop'], { stdio: 'inherit' })
  }
}
