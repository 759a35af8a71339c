import { type Disk, DirectoryLockedError, type DiskLock } from '../ports/disk.ts'
import { DataDirError } from './errors.ts'

const META_FILE = 'meta.properties'
const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'
/** Apache Kafka's, in its log directories: the metadata there is Kafka's too, and only its partitions can be taken over. */
const KAFKA_FILE = 'bootstrap.checkpoint'
/** What a directory that is not ours yet may hold: a mount point's own, and what an interrupted first start leaves. */
const HARMLESS = /^(lost\+found|\.lock.*|meta\.properties\.tmp)$/

export interface DataDirOptions {
  readonly disk: Disk
  readonly path: string
  readonly nodeId: number
  /** For a directory that is new; one that has ids keeps them. 22-char base64url. */
  readonly newClusterId: string
  readonly newDirectoryId: string
  /** The cluster that the configuration names; another one's directory is refused. Default: whichever the directory has. */
  readonly clusterId?: string
}

/** A data directory that this process holds. */
export interface DataDir {
  readonly path: string
  readonly clusterId: string
  readonly directoryId: string
  /** The last broker here stopped cleanly. The marker that says so stays until `beginUse`. */
  readonly cleanShutdown: boolean
  /** The broker epoch that the clean stop noted (KIP-966); -1 when there is none. */
  readonly previousBrokerEpoch: number
  /** Nothing was here before. */
  readonly isNew: boolean
  readonly lock: DiskLock
}

interface Meta {
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: string
}

/**
 * Takes a data directory. Throws `DataDirError` for a locked, foreign, damaged or unwritable one, with nothing changed.
 * Before the first change to a log, `beginUse` must follow.
 */
export function openDataDir(options: DataDirOptions): DataDir {
  const { disk, path } = options
  const found = reading(path, () => disk.listSync(path))
  const before = readMeta(options, found)
  const parentsMade = missingParents(disk, path)
  const lock = takeLock(disk, path)
  try {
    const meta = before ?? {
      clusterId: options.newClusterId,
      nodeId: options.nodeId,
      directoryId: options.newDirectoryId,
    }
    if (before === null) {
      // First the names: once there is a meta.properties, nobody asks again whether they are durable.
      writing(path, () => syncName(disk, path, parentsMade))
      writing(path, () => disk.replaceSync(`${path}/${META_FILE}`, encodeMeta(meta)))
    }
    const { cleanShutdown, previousBrokerEpoch } = reading(path, () => readCleanMarker(disk, path))
    const { clusterId, directoryId } = meta
    return { path, clusterId, directoryId, cleanShutdown, previousBrokerEpoch, isNew: before === null, lock }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Removes the marker of the clean stop before: from here on, a stop is unclean until it is written again. */
export function beginUse(disk: Disk, { path, cleanShutdown, isNew }: DataDir): void {
  if (isNew) return
  writing(path, () => {
    if (cleanShutdown) disk.unlinkSync(`${path}/${CLEAN_SHUTDOWN_FILE}`)
    // Without a marker too: a start before this one may have been killed between the two.
    disk.syncDirectorySync(path)
  })
}

/** Leaves the marker of a clean stop, after every log has been closed. */
export function markClean(disk: Disk, dir: DataDir, brokerEpoch: number): void {
  const marker = Buffer.from(JSON.stringify({ version: 0, brokerEpoch }), 'latin1')
  disk.replaceSync(`${dir.path}/${CLEAN_SHUTDOWN_FILE}`, marker)
}

function readMeta(options: DataDirOptions, found: readonly string[]): Meta | null {
  const { disk, path, nodeId, clusterId = null } = options
  const file = `${path}/${META_FILE}`
  if (found.includes(KAFKA_FILE)) {
    const message = `${path}/${KAFKA_FILE}: the directory belongs to an Apache Kafka broker; choose another, and move partitions over one by one`
    throw new DataDirError('FOREIGN', `${path}/${KAFKA_FILE}`, message)
  }
  if (!found.includes(META_FILE)) {
    const foreign = found.find((name) => !HARMLESS.test(name))
    if (foreign === undefined) return null
    const hint = `choose an empty directory, or restore ${META_FILE} from a copy`
    throw new DataDirError(
      'FOREIGN',
      `${path}/${foreign}`,
      `${path} is not a data directory: it holds ${foreign}; ${hint}`,
    )
  }
  const meta = parseMeta(
    file,
    reading(file, () => disk.readFileSync(file)),
  )
  if (meta.nodeId !== nodeId) {
    const message = `${file} belongs to node ${meta.nodeId}, not ${nodeId}: use that node's id or another directory`
    throw new DataDirError('FOREIGN', file, message)
  }
  if (clusterId !== null && meta.clusterId !== clusterId) {
    const message = `${file} belongs to cluster ${meta.clusterId}, not ${clusterId}: use another directory, or set millrace.cluster.id=${meta.clusterId} if only the list of voters has changed`
    throw new DataDirError('FOREIGN', file, message)
  }
  return meta
}

function parseMeta(file: string, data: Buffer): Meta {
  const properties = new Map<string, string>()
  for (const line of data.toString('utf8').split(/\r?\n/)) {
    const match = /^\s*([^#!=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line)
    if (match !== null) properties.set(match[1]!, match[2]!)
  }
  const version = properties.get('version')
  const clusterId = properties.get('cluster.id')
  const nodeId = properties.get('node.id')
  const directoryId = properties.get('directory.id')
  if (/^\d+$/.test(version ?? '') && Number(version) > 1) {
    const message = `${file} has version ${version}, only 1 is readable: start the version that wrote it`
    throw new DataDirError('NEWER_FORMAT', file, message)
  }
  if (version !== '1') {
    const message = `${file} has version ${version ?? 'none'}, only 1 is readable: restore it from a copy`
    throw new DataDirError('DAMAGED', file, message)
  }
  if (clusterId === undefined || directoryId === undefined || !/^\d+$/.test(nodeId ?? '')) {
    throw new DataDirError('DAMAGED', file, `${file} lacks cluster.id, node.id or directory.id: restore it from a copy`)
  }
  return { clusterId, nodeId: Number(nodeId), directoryId }
}

function encodeMeta(meta: Meta): Buffer {
  const { clusterId, nodeId, directoryId } = meta
  return Buffer.from(`#\nnode.id=${nodeId}\ndirectory.id=${directoryId}\nversion=1\ncluster.id=${clusterId}\n`, 'utf8')
}

function readCleanMarker(disk: Disk, path: string): { cleanShutdown: boolean; previousBrokerEpoch: number } {
  const file = `${path}/${CLEAN_SHUTDOWN_FILE}`
  if (!disk.existsSync(file)) return { cleanShutdown: false, previousBrokerEpoch: -1 }
  const match = /"brokerEpoch":\s*(-?\d+)/.exec(disk.readFileSync(file).toString('latin1'))
  return { cleanShutdown: true, previousBrokerEpoch: match === null ? -1 : Number(match[1]) }
}

/** How many parents of the path are still to be made. */
function missingParents(disk: Disk, path: string): number {
  let count = 0
  for (let at = parentOf(path); at !== '' && !disk.existsSync(at); at = parentOf(at)) count++
  return count
}

/** Syncs the names of a new data directory and of the parents made for it: a power cut must not take the directory itself. */
function syncName(disk: Disk, path: string, parentsMade: number): void {
  let parent = parentOf(path)
  for (let left = parentsMade; left >= 0 && disk.existsSync(parent); left--) {
    disk.syncDirectorySync(parent)
    parent = parentOf(parent)
  }
}

/** The directory above, '' at the root; '.' for a name alone. */
function parentOf(path: string): string {
  const cut = path.lastIndexOf('/')
  return cut < 0 && path !== '.' ? '.' : path.slice(0, Math.max(0, cut))
}

function takeLock(disk: Disk, path: string): DiskLock {
  return writing(path, () => {
    disk.mkdirSync(path)
    try {
      return disk.lockSync(path)
    } catch (error) {
      if (!(error instanceof DirectoryLockedError)) throw error
      throw new DataDirError('LOCKED', path, `${path} is in use by process ${error.pid}`, error)
    }
  })
}

function reading<T>(path: string, work: () => T): T {
  return guarded(path, 'read', work)
}

function writing<T>(path: string, work: () => T): T {
  return guarded(path, 'write to', work)
}

function guarded<T>(path: string, verb: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof DataDirError) throw error
    throw new DataDirError('UNWRITABLE', path, `cannot ${verb} ${path}: ${(error as Error).message}`, error)
  }
}
