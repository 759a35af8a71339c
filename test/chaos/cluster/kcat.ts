/** A stranger's client: kcat with acks=all in a loop, while each broker in turn is killed with -9 and started again. */
import { Client } from '../../../client/index.ts'
import { hasCommand } from '../../support/has-command.ts'
import { finish } from '../../support/millrace-process.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { eventually } from '../wait.ts'
import { ClusterStage } from './stage.ts'

const TOPIC = 'journal'
/** Records of one run of kcat: few enough that the broker dies while there are more to come. */
const BATCH = 20
const PATIENCE_MS = 60_000

/** Sends numbered records until it is over; keeps what was acknowledged: all that kcat ended without an error for. */
class KcatLoop {
  readonly acknowledged: number[] = []
  readonly #done: Promise<void>
  #isOver = false

  constructor(bootstrap: string) {
    this.#done = this.#run(bootstrap)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#done
  }

  async #run(bootstrap: string): Promise<void> {
    for (let next = 0; !this.#isOver; next += BATCH) {
      const numbers = Array.from({ length: BATCH }, (_, index) => next + index)
      const args = ['-b', bootstrap, '-P', '-t', TOPIC, '-p', '0', '-X', 'acks=all', '-X', 'enable.idempotence=true']
      const { code } = await finish('kcat', args, { input: `${numbers.join('\n')}\n` })
      // What kcat could not deliver in time is sent by nobody again, and so must not be missed.
      if (code === 0) this.acknowledged.push(...numbers)
    }
  }
}

async function killUnderKcat(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await ClusterStage.open(context, { lanes: 1 })
  const { bootstrap } = stage
  await using client = new Client({ brokers: bootstrap })
  await client.admin().createTopics([{ name: TOPIC, partitions: 1, replicationFactor: 3 }])
  const loop = new KcatLoop(bootstrap)
  const untilMore = async () => {
    const goal = loop.acknowledged.length + 2 * BATCH
    const came = await eventually(() => loop.acknowledged.length >= goal, PATIENCE_MS)
    stage.expect(came, `kcat got nothing acknowledged within ${PATIENCE_MS / 1000} s`)
  }
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    for (const node of stage.nodes) {
      await untilMore()
      await stage.kill([node])
      await untilMore()
      await stage.start(node)
      await stage.awaitInSync()
    }
  }
  await loop.stop()
  const { stdout } = await finish('kcat', [
    '-b',
    bootstrap,
    '-C',
    '-t',
    TOPIC,
    '-p',
    '0',
    '-o',
    'beginning',
    '-e',
    '-q',
  ])
  const wanted = new Set(loop.acknowledged)
  const found = stdout.split('\n').filter((line) => line !== '' && wanted.has(Number(line)))
  stage.expect(found.join() === loop.acknowledged.join(), 'what kcat read is not what it was told, in order')
  return await stage.report(`${loop.acknowledged.length} records of kcat acknowledged and read back in order`)
}

export const kcat: Scenario = {
  name: 'kcat',
  about: 'kcat with acks=all in a loop, each broker killed and restarted in turn',
  skip: () => (hasCommand('kcat') ? null : 'kcat is not installed'),
  run: killUnderKcat,
}
