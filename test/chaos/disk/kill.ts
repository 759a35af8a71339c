/** kill -9 under load, again and again, on the same directory. */
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { Stage } from '../stage.ts'
import { sleep } from '../wait.ts'

const ROUNDS = 20

async function killRounds(context: ChaosContext, durability: 'fsync' | 'page-cache'): Promise<ChaosReport> {
  const rounds = context.short ? 3 : ROUNDS
  await using stage = await Stage.open(context, { durability })
  for (let round = 0; round < rounds; round++) {
    await sleep(context.random.between(50, 600))
    await stage.kill()
    await stage.start()
    // Every life of the broker has something to lose.
    await stage.awaitProgress(50)
  }
  return await stage.report(`${rounds} times kill -9 and restart`)
}

export const kill: Scenario = {
  name: 'kill',
  about: 'kill -9 at random moments, synced before every acknowledgement',
  skip: () => null,
  run: (context) => killRounds(context, 'fsync'),
}

/** The page cache outlives the process: nothing may be missing here either. */
export const killPageCache: Scenario = {
  name: 'kill-page-cache',
  about: 'the same with durability page-cache: the page cache outlives the process',
  skip: () => null,
  run: (context) => killRounds(context, 'page-cache'),
}
