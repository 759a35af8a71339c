/** `millrace doctor` as an operator runs it after an outage: what it says of each leader. */
import { command as sources, finish } from '../../support/millrace-process.ts'
import { Ledger } from '../load.ts'
import type { ChaosContext } from '../scenario.ts'
import type { ClusterStage } from './stage.ts'

/** What the doctor prints as JSON, as far as it matters here. */
interface Opinion {
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    readonly leader: number
    readonly electedAs: string
    readonly why: string
    readonly safe: boolean
  }[]
}

async function ask(
  { command = sources }: ChaosContext,
  bootstrap: string,
  ...flags: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await finish(process.execPath, [
    ...command,
    ...['doctor', '--bootstrap', bootstrap, ...flags],
  ])
  // 1: it found something that cannot be used, which is for whoever asked to judge.
  if (code === 0 || code === 1) return stdout
  throw new Error(`doctor ended with ${code}: ${stderr}`)
}

/**
 * Every partition is named, with a leader that has everything and the reason for that. Where the cut tore the tails of all
 * replicas none of them is trusted alone: all were asked, and the one with the most leads. That it has everything is for
 * the judge of the histories to say.
 */
export async function expectSafeLeaders(context: ChaosContext, stage: ClusterStage): Promise<void> {
  const { partitions } = JSON.parse(await ask(context, stage.bootstrap, '--json')) as Opinion
  const text = await ask(context, stage.bootstrap)
  const own = partitions.filter(({ topic }) => topic === Ledger.name)
  stage.expect(own.length === stage.partitions, `the doctor names ${own.length} of ${stage.partitions} partitions`)
  for (const { topic, partition, leader, electedAs, why, safe } of partitions) {
    const name = `${topic}-${partition}`
    const isKnown = safe || electedAs === 'longest'
    stage.expect(leader > 0 && isKnown, `the doctor finds ${name} unsafe, led by ${leader} as "${electedAs}": ${why}`)
    const line = text.split('\n').find((row) => row.startsWith(`${name} `))
    stage.expect(line?.includes(why) === true, `the doctor does not say why broker ${leader} leads ${name}`)
  }
}

/** The findings below the doctor's table, one a line. */
export async function findings(context: ChaosContext, stage: ClusterStage): Promise<readonly string[]> {
  const text = await ask(context, stage.bootstrap, '--problems')
  return text.split('\n').filter((line) => line !== '')
}
