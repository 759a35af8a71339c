/** An operator who changes who votes in the metadata quorum, one broker at a time: takes a voter out, adds one that watches. */
import { Errors, errorName } from '../../../../proto/kafka/errors.ts'
import { AddRaftVoter, DescribeQuorum, RemoveRaftVoter } from '../../../../proto/kafka/generated/apis.ts'
import type { DescribeQuorumResponse, ReplicaState } from '../../../../proto/kafka/generated/55-describe-quorum.ts'
import { ZERO_UUID } from '../../../../proto/kafka/uuid.ts'
import { must } from '../../log/violation.ts'
import { type ClientOptions, SimClient } from './client.ts'

export interface VoterOperatorOptions extends ClientOptions {
  /** Where the brokers hear each other. */
  readonly peers: readonly { readonly id: number; readonly host: string; readonly port: number }[]
  /** Pause between two changes (ms), on average. */
  readonly intervalMs: number
}

const TIMEOUT_MS = 5_000
/** A quorum of two still shows what a majority is; one of one needs nobody. */
const VOTERS_MIN = 2
const QUESTION = { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] }

/** What one may be told while leaders change, and of a change that another answer was lost of. */
const EXPECTED: ReadonlySet<number> = new Set([
  Errors.NONE,
  Errors.REQUEST_TIMED_OUT,
  Errors.NOT_CONTROLLER,
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.KAFKA_STORAGE_ERROR,
  Errors.DUPLICATE_VOTER,
  Errors.VOTER_NOT_FOUND,
])

export class SimVoterOperator {
  readonly #client: SimClient
  readonly #options: VoterOperatorOptions
  /** Changes that were made for certain. */
  changes = 0

  constructor(options: VoterOperatorOptions) {
    this.#options = options
    this.#client = new SimClient(options)
  }

  start(): void {
    this.#client.repeat(this.#options.intervalMs, () => this.#look())
  }

  stop(): void {
    this.#client.stop()
  }

  #look(): void {
    this.#client.anyBroker().request(DescribeQuorum, 2, QUESTION, TIMEOUT_MS, (response) => {
      if (response !== null) this.#change(response)
    })
  }

  #change({ topics }: DescribeQuorumResponse): void {
    const { random } = this.#options
    // The disk of a voter of the first list is not known until it has said so itself: until then nobody can name it.
    const known = ({ replicaDirectoryId }: ReplicaState) => replicaDirectoryId !== ZERO_UUID
    const currentVoters = (topics[0]?.partitions[0]?.currentVoters ?? []).filter(known)
    const observers = (topics[0]?.partitions[0]?.observers ?? []).filter(known)
    const canGo = currentVoters.length > VOTERS_MIN ? currentVoters : []
    if (observers.length > 0 && (canGo.length === 0 || random.chance(0.5))) this.#add(random.pick(observers))
    else if (canGo.length > 0) this.#remove(random.pick(canGo))
  }

  #add({ replicaId, replicaDirectoryId }: ReplicaState): void {
    const peer = this.#options.peers.find(({ id }) => id === replicaId)
    if (peer === undefined) return
    const message = {
      clusterId: null,
      timeoutMs: TIMEOUT_MS,
      voterId: replicaId,
      voterDirectoryId: replicaDirectoryId,
      listeners: [{ name: 'CONTROLLER', host: peer.host, port: peer.port }],
      ackWhenCommitted: this.#options.random.chance(0.5),
    }
    this.#client.anyBroker().request(AddRaftVoter, 1, message, TIMEOUT_MS + 1_000, (response) => {
      this.#answered(`adding voter ${replicaId}`, response?.errorCode)
    })
  }

  #remove({ replicaId, replicaDirectoryId }: ReplicaState): void {
    const message = { clusterId: null, voterId: replicaId, voterDirectoryId: replicaDirectoryId }
    this.#client.anyBroker().request(RemoveRaftVoter, 0, message, TIMEOUT_MS + 1_000, (response) => {
      this.#answered(`removing voter ${replicaId}`, response?.errorCode)
    })
  }

  #answered(what: string, error: number | undefined): void {
    if (error === undefined) return
    must(EXPECTED.has(error), 'admin', () => `${what} is answered with ${errorName(error)}`)
    if (error === Errors.NONE) this.changes++
  }
}
