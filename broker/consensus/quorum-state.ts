/** What a member must remember across restarts: nobody votes twice in an epoch, nobody goes back an epoch. */
import { DataDirError, isPassing } from '../log/errors.ts'
import type { Disk } from '../ports/disk.ts'
import type { RaftOptions } from './events.ts'
import { NO_NODE } from './messages.ts'
import { SpaceReserve } from './space-reserve.ts'
import type { VoterEndpoint } from './voters.ts'

export interface QuorumState {
  readonly epoch: number
  /** Candidate this node voted for in `epoch`, -1 = none. */
  readonly votedFor: number
  /** Leader of `epoch` as far as known, -1 = unknown. */
  readonly leader: number
}

export const initialQuorumState: QuorumState = { epoch: 0, votedFor: NO_NODE, leader: NO_NODE }

/** The `quorum-state` file does not hold what this node wrote. Starting without it could vote twice, so: refuse. */
export class QuorumStateError extends Error {
  override readonly name = 'QuorumStateError'
}

/** The text of Kafka's `quorum-state` file, data version 0. */
export function formatQuorumState(state: QuorumState, voters: readonly number[], clusterId = ''): string {
  return JSON.stringify({
    ...(clusterId === '' ? {} : { clusterId }),
    leaderId: state.leader,
    leaderEpoch: state.epoch,
    votedId: state.votedFor,
    currentVoters: voters.map((voterId) => ({ voterId })),
    data_version: 0,
  })
}

function integerField(record: Readonly<Record<string, unknown>>, name: string): number {
  const value = record[name]
  if (typeof value === 'number' && Number.isInteger(value) && value >= -1) return value
  throw new QuorumStateError(`quorum-state: ${name} is ${JSON.stringify(value) ?? 'missing'}`)
}

/** Throws QuorumStateError. */
export function parseQuorumState(text: string): QuorumState {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new QuorumStateError('quorum-state: not JSON', { cause })
  }
  if (typeof parsed !== 'object' || parsed === null) throw new QuorumStateError('quorum-state: not an object')
  const record = { ...parsed }
  if (integerField(record, 'data_version') !== 0) throw new QuorumStateError('quorum-state: unknown data_version')
  return {
    epoch: integerField(record, 'leaderEpoch'),
    votedFor: integerField(record, 'votedId'),
    leader: integerField(record, 'leaderId'),
  }
}

/** The voters that the text of a state file names: those that counted when it was written. Empty for one of before. */
function votersIn(text: string): number[] {
  return [...text.matchAll(/"voterId":(\d+)/g)].map(([, id]) => Number(id))
}

/** Kafka's name, inside the directory of the log. */
const STATE_FILE = 'quorum-state'

/**
 * Throws DataDirError when the state file names another cluster than `meta.properties` does: somebody has changed that, or put
 * files of two clusters together. To be asked before anything is changed.
 */
export function refuseOtherCluster(disk: Disk, directory: string, clusterId: string): void {
  const path = `${directory}/${STATE_FILE}`
  if (!disk.existsSync(path)) return
  const found = /"clusterId":"([\w-]+)"/.exec(disk.readFileSync(path).toString('utf8'))?.[1] ?? clusterId
  if (found === clusterId) return
  const remedy = `set cluster.id=${found} again if it was changed, or bring back the directory of that cluster`
  const message = `${path} belongs to cluster ${found}, and meta.properties to ${clusterId}: ${remedy}`
  throw new DataDirError('FOREIGN', path, message)
}

/** Beside it: a voter on a full disk that could not note an epoch would have to stop. */
const RESERVE_FILE = 'quorum-state.reserve'

/** The file, in the directory of the metadata log. */
export class QuorumStateFile {
  private readonly disk: Disk
  private readonly directory: string
  private readonly path: string
  private readonly reserve: SpaceReserve
  private readonly nodeId: number
  private readonly clusterId: string
  private readonly configured: readonly number[]
  private readonly isAlone: boolean
  private former: readonly number[] = []
  private damage: QuorumStateError | null = null
  private state: QuorumState = initialQuorumState
  private isSynced: boolean
  /** The name of its directory is durable. */
  private isNamed = false

  /** `clusterId` is noted in the file, for `refuseOtherCluster`; '' = it is not known. */
  constructor(disk: Disk, directory: string, { nodeId, voters }: RaftOptions, clusterId = '') {
    this.disk = disk
    this.clusterId = clusterId
    this.directory = directory
    this.path = `${directory}/${STATE_FILE}`
    this.reserve = new SpaceReserve(disk, `${directory}/${RESERVE_FILE}`)
    this.nodeId = nodeId
    this.configured = voters.map(({ id }) => id)
    this.isAlone = this.isOnly(voters)
    // Nobody knows what an earlier start has synced.
    this.isSynced = !this.isAlone
  }

  /** Throws QuorumStateError when it is damaged and the configuration names other voters. */
  read(): QuorumState {
    if (!this.disk.existsSync(this.path)) return this.state
    const text = this.disk.readFileSync(this.path).toString('utf8')
    this.former = votersIn(text)
    try {
      this.state = parseQuorumState(text)
    } catch (error) {
      if (!(error instanceof QuorumStateError)) throw error
      if (!this.isAlone) throw error
      this.damage = error
    }
    if (this.former.length > 1) this.confirm()
    return this.state
  }

  /** A process that died may have left it in the page cache alone: a vote read from there is told once it is durable. */
  private confirm(): void {
    const file = this.disk.openSync(this.path)
    try {
      file.datasyncSync()
    } finally {
      file.closeSync()
    }
    this.disk.syncDirectorySync(this.directory)
    this.nameDirectory()
  }

  /**
   * Why the member must not start, now that it is known which voters the log names: null = the configured ones. These must
   * then be those of before, as Kafka has it: others could elect one that has nothing of what is in this log.
   */
  problemWith(voters: readonly VoterEndpoint[] | null, isLogEmpty: boolean): QuorumStateError | null {
    if (voters !== null) return this.isOnly(voters) ? null : this.damage
    const { former, configured } = this
    const isSame = former.length === configured.length && former.every((id) => configured.includes(id))
    if (isLogEmpty || former.length === 0 || isSame) return null
    const found = `${this.path} was written with the voters ${former.join(', ')}, and now ${configured.join(', ')} are configured`
    const remedy =
      'start with those of before and add the others with millrace quorum add-voter, or with an empty data directory'
    return new QuorumStateError(`${found}: ${remedy}`)
  }

  write(state: QuorumState, voters: readonly VoterEndpoint[]): void {
    this.state = state
    if (this.isOnly(voters)) this.isSynced = this.storeAlone(voters)
    else this.storeForOthers(voters)
  }

  /** What was written so far is to count for others too. */
  harden(voters: readonly VoterEndpoint[]): void {
    if (!this.isSynced) this.storeForOthers(voters)
  }

  private storeForOthers(voters: readonly VoterEndpoint[]): void {
    this.reserve.spend(() => this.replace(voters, true))
    this.nameDirectory()
    this.isSynced = true
  }

  /**
   * Returns whether it is durable. With one voter there is no second vote to fear: the epochs in the log say enough, no sync is
   * needed, and on a full disk the file stays as it is. But one that the configuration does not call alone must find it whole.
   */
  private storeAlone(voters: readonly VoterEndpoint[]): boolean {
    const sync = !this.isAlone
    try {
      this.replace(voters, sync)
      if (sync) this.nameDirectory()
      return sync
    } catch (error) {
      if (!isPassing(error)) throw error
      return false
    }
  }

  private replace(voters: readonly VoterEndpoint[], sync: boolean): void {
    const ids = voters.map(({ id }) => id)
    this.disk.replaceSync(this.path, Buffer.from(formatQuorumState(this.state, ids, this.clusterId)), { sync })
  }

  /** The directory may be as new as the file: a power cut would take both. */
  private nameDirectory(): void {
    if (this.isNamed) return
    this.disk.syncDirectorySync(this.directory.slice(0, this.directory.lastIndexOf('/')))
    this.isNamed = true
  }

  private isOnly(voters: readonly VoterEndpoint[]): boolean {
    return voters.length === 1 && voters[0]?.id === this.nodeId
  }
}
