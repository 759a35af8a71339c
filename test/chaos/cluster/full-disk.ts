/** The disk of one broker is full: others lead what it led, and it comes back by itself once there is room. */
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { whyNoMount } from '../small-file-system.ts'
import { sleep } from '../wait.ts'
import { Disks } from './disks.ts'
import { ClusterStage } from './stage.ts'

/** Of each broker's disk. */
const DISK_BYTES = 512 * 1024 * 1024

/** How long a disk is full (ms): longer than it takes to notice, and shorter than a follower that lags is waited for. */
const FULL_MS = 12_000

async function fillOne(context: ChaosContext): Promise<ChaosReport> {
  using disks = new Disks([1, 2, 3], { isTraced: false, sizeBytes: DISK_BYTES })
  await using stage = await ClusterStage.open(context, { dataDir: (node) => disks.dataDir(node) })
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    const victim = context.random.pick([await stage.leader(), await stage.controller()])
    disks.fill(stage, victim)
    // In every partition, whoever led it and whoever follows.
    for (let partition = 0; partition < stage.partitions; partition++)
      await stage.awaitProgress(50, { partition, timeoutMs: FULL_MS })
    await sleep(context.short ? 1_000 : FULL_MS)
    disks.relieve()
    await stage.awaitProgress(100)
    await stage.awaitInSync()
  }
  return await stage.report(`the disk of one broker full for ${FULL_MS / 1000} s, ${rounds} times`)
}

/** All of them: nothing can be acknowledged, nothing acknowledged may be lost, and it goes on when there is room. */
async function fillAll(context: ChaosContext): Promise<ChaosReport> {
  using disks = new Disks([1, 2, 3], { isTraced: false, sizeBytes: DISK_BYTES })
  await using stage = await ClusterStage.open(context, { dataDir: (node) => disks.dataDir(node) })
  const rounds = context.short ? 1 : 3
  for (let round = 0; round < rounds; round++) {
    for (const node of stage.nodes) disks.fill(stage, node)
    await sleep(context.random.between(3_000, 8_000))
    disks.relieve()
    await stage.awaitProgress(100)
    await stage.awaitInSync()
  }
  return await stage.report(`the disks of all brokers full at once, ${rounds} times`)
}

const scenario = (name: string, about: string, run: Scenario['run']): Scenario => ({
  name,
  about,
  skip: whyNoMount,
  run,
})

export const fullDisk = scenario(
  'full-disk',
  'the disk of one broker is full: others lead, and it comes back by itself',
  fillOne,
)
export const fullDisks = scenario(
  'full-disks',
  'the disks of all brokers are full at once, then there is room again',
  fillAll,
)
