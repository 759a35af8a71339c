/**
 * What may befall a data directory in the midst of a clean stop, or between it and the next start. `settled-logs` and the
 * small files beside the records only save time: whatever becomes of them, each log is served as it was stopped. An older
 * state of the records is another matter, and must be told.
 */
import {
  DURABLE_MARK_FILE,
  EPOCH_FILE,
  INDEX_SUFFIX,
  LOG_SUFFIX,
  METADATA_FILE,
  SEGMENT_LIST_FILE,
  SNAPSHOT_SUFFIX,
  stemOf,
  TIME_INDEX_SUFFIX,
  TXN_INDEX_SUFFIX,
  WINDOW_SUFFIX,
} from '../../../broker/log/file-names.ts'
import { CLEAN_SHUTDOWN_FILE } from '../../../broker/log/inspect/verify-directory.ts'
import { SETTLED_FILE } from '../../../broker/log/settled-logs.ts'
import { SimDirectory, SimFile } from '../../../testing/sim/index.ts'
import { cutEnd, flipBit } from './damage.ts'
import { checkThoroughly } from './thorough.ts'
import type { Partition, World } from './world.ts'

/** The data directory as a clean stop left it. */
export interface StopCopy {
  readonly directory: SimDirectory
  /** Of each log by its topic: it has been neither cut nor rewritten as long as this is the same. */
  readonly generations: ReadonlyMap<string, number>
}

type Weather = (world: World, partition: Partition) => void

const weathers: readonly Weather[] = [
  powerCut,
  diesInIt,
  harmSummary,
  harmSummary,
  harmSummary,
  harmFilesBeside,
  harmFilesBeside,
  harmFilesBeside,
  putOlderBack,
  damageUnderOldMark,
]

/** Stops cleanly, or tries to, in some weather; then every log is looked at closely. */
export function stopInWeather(world: World, partition: Partition): void {
  world.random.pick(weathers)(world, partition)
  for (const each of world.partitions) if (!each.model.isOffline) checkThoroughly(world, each)
}

function powerCut(world: World): void {
  world.stop(() => keepCopy(world), 'power-cut')
}

/** In the stop, or in the start after it. */
function diesInIt(world: World): void {
  world.faults.dieAfter(world.random.between(1, 80), world.random.pick(['kill', 'power-cut']))
  world.stop()
}

function harmSummary(world: World): void {
  const harm = (): void => {
    const data = world.dataDirectory()
    const older = world.stopCopy?.directory.visible.get(SETTLED_FILE)
    keepCopy(world)
    if (world.random.chance(0.4)) changeDigit(world, data)
    else harmOne(world, data, SETTLED_FILE, older)
  }
  // What a crash has left is older than what the logs are then.
  if (world.random.chance(0.7)) world.stop(harm, 'kill')
  else world.crash('kill', harm)
}

function harmFilesBeside(world: World, partition: Partition): void {
  const { random } = world
  const harm = (): void => {
    const directory = directoryOf(world.dataDirectory(), partition)
    const older = directoryOf(world.stopCopy?.directory, partition)
    keepCopy(world)
    const found = namesBeside(world, partition)
    if (directory === null || found.length === 0) return
    const names = new Set(Array.from({ length: random.between(1, 4) }, () => random.pick(found)))
    for (const name of names) harmOne(world, directory, name, older?.visible.get(name))
    partition.damage = { kind: 'beside', names: [...names] }
  }
  world.stop(harm, 'kill')
}

/** The partition's directory as it was at an earlier stop. */
function putOlderBack(world: World, partition: Partition): void {
  const putBack = (): void => {
    const older = directoryOf(world.stopCopy?.directory, partition)
    if (older === null) return keepCopy(world)
    const { topic } = partition.model
    world.faults.count('old-copy')
    world.note(`an older copy of ${topic} is put in its place`)
    partition.damage = { kind: 'old-copy', markedEnd: 0, isJudged: isAsCopied(world, partition) }
    world.dataDirectory().replace(`${topic}-0`, older.copy())
  }
  world.stop(putBack, 'kill')
}

/** The mark is an older one, as a power cut may leave it, and records below the end are damaged. */
function damageUnderOldMark(world: World, partition: Partition): void {
  const damage = (): void => {
    const directory = directoryOf(world.dataDirectory(), partition)
    const older = directoryOf(world.stopCopy?.directory, partition)?.visible.get(DURABLE_MARK_FILE)
    const isOlder = isAsCopied(world, partition)
    keepCopy(world)
    const active = segmentNames(world, partition).at(-1)
    const file = active === undefined ? undefined : directory?.visible.get(active)
    if (directory === null || !(file instanceof SimFile) || file.visible.size === 0) return
    if (older !== undefined && isOlder) directory.replace(DURABLE_MARK_FILE, older.copy())
    const what = world.random.chance(0.5) ? cutEnd(world, file) : flipBit(world, file)
    world.note(`${what} in ${partition.model.topic} ${active}, whose mark is ${isOlder ? 'older' : 'the same'}`)
    partition.damage = { kind: 'decay', markedEnd: 0, isJudged: true }
  }
  world.stop(damage, 'kill')
}

function harmOne(world: World, directory: SimDirectory, name: string, older: SimDirectory | SimFile | undefined): void {
  const file = directory.visible.get(name)
  if (!(file instanceof SimFile)) return
  const harms: (() => string)[] = [
    () => {
      directory.replace(name, null)
      return 'nothing is left'
    },
  ]
  if (file.visible.size > 0)
    harms.push(
      () => flipBit(world, file),
      () => flipBit(world, file),
      () => cutEnd(world, file),
    )
  if (older !== undefined) {
    const putBack = (): string => {
      directory.replace(name, older.copy())
      return 'an older copy'
    }
    harms.push(putBack, putBack)
  }
  world.note(`${world.random.pick(harms)()} in the place of ${name}`)
}

/** The flip of a bit that makes another number of one: nothing but the checksum tells. */
function changeDigit(world: World, data: SimDirectory): void {
  const file = data.visible.get(SETTLED_FILE)
  if (!(file instanceof SimFile)) return
  const digits = [...file.visible.view().entries()].filter(([, byte]) => byte >= 0x30 && byte < 0x38)
  const [position, byte] = world.random.pick(digits)
  const changed = Buffer.from([byte ^ (1 << world.random.below(3))])
  file.tamper((bytes) => bytes.write(changed, position))
  world.faults.count('bit-flip')
  world.note(`a digit at ${position} of ${SETTLED_FILE} is another`)
}

/** Now and then: the older it gets, the more differs from it. */
function keepCopy(world: World): void {
  if (world.stopCopy !== null && world.random.chance(0.5)) return
  // What a crash leaves may be more than is durable, and another history takes its place.
  if (!world.dataDirectory().visible.has(CLEAN_SHUTDOWN_FILE)) return
  const generations = world.partitions.map(({ model }) => [model.topic, model.generation] as const)
  world.stopCopy = { directory: world.dataDirectory().copy(), generations: new Map(generations) }
}

function isAsCopied(world: World, { model }: Partition): boolean {
  return world.stopCopy?.generations.get(model.topic) === model.generation
}

function directoryOf(data: SimDirectory | undefined, { model }: Partition): SimDirectory | null {
  const found = data?.visible.get(`${model.topic}-0`)
  return found instanceof SimDirectory ? found : null
}

function segmentNames(world: World, partition: Partition): string[] {
  return [...world.filesOf(partition).keys()].filter((name) => name.endsWith(LOG_SUFFIX)).sort()
}

/** What `settled-logs` vouches for, or the records themselves tell again: of epochs, those in the last segment. */
function namesBeside(world: World, partition: Partition): string[] {
  const segments = segmentNames(world, partition)
  const active = segments.at(-1)?.slice(0, -LOG_SUFFIX.length) ?? ''
  const end = stemOf(partition.model.end)
  const names = [
    active + INDEX_SUFFIX,
    active + TIME_INDEX_SUFFIX,
    active + TXN_INDEX_SUFFIX,
    end + SNAPSHOT_SUFFIX,
    end + WINDOW_SUFFIX,
    SEGMENT_LIST_FILE,
    METADATA_FILE,
    ...(segments.length === 1 ? [EPOCH_FILE] : []),
  ]
  const found = world.filesOf(partition)
  return names.filter((name) => found.has(name))
}
