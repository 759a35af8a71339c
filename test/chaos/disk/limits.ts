/** The machine runs out of something: space, file size, descriptors. Refused while it lasts, lost never. */
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { Client } from '../../../client/index.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { hasCommand } from '../../support/has-command.ts'
import type { ChaosContext, ChaosReport, Scenario } from '../scenario.ts'
import { SmallFileSystem, whyNoMount } from '../small-file-system.ts'
import { Stage } from '../stage.ts'

const MEBIBYTE = 1024 * 1024
const SPACE_BYTES = 16 * MEBIBYTE
const FILE_BYTES_MAX = 2 * MEBIBYTE
const DESCRIPTORS_MAX = 128

async function fillDisk(context: ChaosContext): Promise<ChaosReport> {
  using space = SmallFileSystem.mount(SPACE_BYTES)
  if (space === null) throw new Error('no file system can be mounted')
  space.fill(SPACE_BYTES / 2)
  await using stage = await Stage.open(context, { dataDir: join(space.path, 'data') })
  for (let partition = 0; partition < stage.partitions; partition++) {
    await stage.awaitAnswer(partition, Errors.KAFKA_STORAGE_ERROR, 60_000)
  }
  const meanwhile = await stage.judgeNow('while the disk was full')
  space.relieve()
  for (let partition = 0; partition < stage.partitions; partition++) await stage.awaitAnswer(partition, Errors.NONE)
  await stage.awaitProgress(100)
  const report = await stage.report('a file system of 16 MiB filled up, then half of it freed')
  await canCreateTopics(stage)
  await stage.kill()
  await stage.start()
  const afterwards = await stage.judgeNow('after a restart')
  return { ...report, anomalies: [...meanwhile, ...report.anomalies, ...afterwards] }
}

/** The metadata log was on the full disk too. */
async function canCreateTopics(stage: Stage): Promise<void> {
  await using client = new Client({ brokers: stage.bootstrap, apiTimeoutMs: 20_000 })
  const making = client.admin().createTopics([{ name: 'later' }])
  const problem = await making.then(() => null, String)
  stage.expect(problem === null, `no topic can be made after the disk was full: ${problem}`)
}

/** Real short writes: up to the limit a write is cut, beyond it there is EFBIG. */
async function limitFileSize(context: ChaosContext): Promise<ChaosReport> {
  await using stage = await Stage.open(context, { wrapper: ['prlimit', `--fsize=${FILE_BYTES_MAX}`] })
  for (let partition = 0; partition < stage.partitions; partition++) {
    await stage.awaitAnswer(partition, Errors.KAFKA_STORAGE_ERROR, 60_000)
  }
  await stage.kill(context.random.pick(['SIGKILL', 'SIGTERM']))
  await stage.start({ wrapper: [] })
  await stage.awaitProgress(100)
  return await stage.report(`no file over ${FILE_BYTES_MAX} bytes, one restart without the limit`)
}

async function limitDescriptors(context: ChaosContext): Promise<ChaosReport> {
  const wrapper = ['prlimit', `--nofile=${DESCRIPTORS_MAX}`]
  await using stage = await Stage.open(context, { partitions: 200, wrapper })
  const flood = connections(stage)
  await stage.awaitProgress(context.short ? 500 : 5000)
  for (const socket of flood) socket.destroy()
  await stage.awaitProgress(500)
  await stage.kill()
  await stage.start({ wrapper: [] })
  return await stage.report(`200 partitions with ${DESCRIPTORS_MAX} descriptors, one restart without the limit`)
}

/** More connections than the broker has descriptors for, which say nothing. It may drop them (trap N4). */
function connections(stage: Stage): Socket[] {
  const [host, port] = stage.bootstrap.split(':')
  return Array.from({ length: DESCRIPTORS_MAX }, () => {
    const socket = connect({ host, port: Number(port) })
    return socket.on('error', () => socket.destroy())
  })
}

const needsPrlimit = () => (hasCommand('prlimit') ? null : 'prlimit is not installed')

export const full: Scenario = {
  name: 'full',
  about: 'a small file system fills up: refused, readable, then space returns',
  skip: whyNoMount,
  run: fillDisk,
}

export const fileSize: Scenario = {
  name: 'file-size',
  about: 'files may not grow beyond 2 MiB: writes are cut short, then fail',
  skip: needsPrlimit,
  run: limitFileSize,
}

export const descriptors: Scenario = {
  name: 'descriptors',
  about: '200 partitions with 128 file descriptors',
  skip: needsPrlimit,
  run: limitDescriptors,
}
