/** A stranger's client against `millrace cluster`, while each broker in turn is killed with -9 and started again. */
import { describe, expect, it } from 'vitest'
import { startMillraceCluster } from '../support/cluster-process.ts'
import { hasCommand } from '../support/has-command.ts'
import { finish, scratch } from '../support/millrace-process.ts'

/** Records of one run of kcat: few enough that the broker dies while there are more to come. */
const BATCH = 20

/** Sends numbered records until told to stop; keeps what was acknowledged: all that kcat ended without an error for. */
function produceInALoop(bootstrap: string, topic: string) {
  const acknowledged: number[] = []
  let isOver = false
  const run = async () => {
    for (let next = 0; !isOver; next += BATCH) {
      const numbers = Array.from({ length: BATCH }, (_, index) => next + index)
      const args = ['-b', bootstrap, '-P', '-t', topic, '-X', 'acks=all', '-X', 'enable.idempotence=true']
      const sent = await finish('kcat', args, { input: `${numbers.join('\n')}\n` })
      // What kcat could not deliver in time is sent by nobody again, and so must not be missed.
      if (sent.code === 0) acknowledged.push(...numbers)
    }
  }
  const done = run()
  return {
    acknowledged,
    async stop() {
      isOver = true
      await done
    },
  }
}

describe.skipIf(!hasCommand('kcat'))('kcat with acks=all (skipped without kcat)', () => {
  it.each([
    ['each broker in turn is', [[1], [2], [3]]],
    ['all brokers at once are', [[1, 2, 3]]],
  ])('gets back what was acknowledged, in order, though %s killed', { timeout: 300_000 }, async (_, rounds) => {
    using directory = scratch()
    await using cluster = await startMillraceCluster(['--data-dir', directory.path])
    const { bootstrap } = cluster
    const loop = produceInALoop(bootstrap, 'journal')
    const untilMore = async (count: number) => {
      const goal = loop.acknowledged.length + count
      while (loop.acknowledged.length < goal) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    for (const victims of rounds) {
      await untilMore(2 * BATCH)
      for (const nodeId of victims) process.kill(cluster.broker(nodeId).pid, 'SIGKILL')
      for (const nodeId of victims) await cluster.untilReady(nodeId, 2)
    }
    await untilMore(2 * BATCH)
    await loop.stop()
    const from = ['-t', 'journal', '-p', '0', '-o', 'beginning', '-e', '-q']
    const read = await finish('kcat', ['-b', bootstrap, '-C', ...from])
    const found = read.stdout.split('\n').filter(Boolean).map(Number)
    const wanted = new Set(loop.acknowledged)
    expect(found.filter((number) => wanted.has(number))).toEqual(loop.acknowledged)
  })
})
