/** Every invariant of a cluster's insides. What clients are told is judged as they hear it (`../history.ts`, `../clients`). */
import type { PartitionView } from '../../../../broker/controller/view.ts'
import type { SimNode, StoredBatch } from '../../../../testing/sim/index.ts'
import type { History } from '../history.ts'
import { AcknowledgedIsCommitted } from './acknowledged-is-committed.ts'
import { BrokerEpochsGrow } from './broker-epochs.ts'
import { CommittedDataHeld } from './committed-data-held.ts'
import { CommittedLogs } from './committed-logs.ts'
import { HighWatermarkGrows } from './high-watermark-grows.ts'
import { IdempotentOnce } from './idempotent-once.ts'
import type { Invariant } from './invariant.ts'
import { MetadataAgrees } from './metadata-agrees.ts'
import { MetadataHeld } from './metadata-held.ts'
import { MetadataLogsMatch } from './metadata-logs-match.ts'
import { OneLeaderPerEpoch } from './one-leader-per-epoch.ts'
import { QuorumSuperset } from './quorum-superset.ts'
import { SnapshotMeetsLog } from './snapshot-meets-log.ts'
import { nameOf } from './survey.ts'
import { TruncatesAboveHighWatermark } from './truncates-above-high-watermark.ts'
import { VotesKept } from './votes-kept.ts'
import { Watch } from './watch.ts'

/** After each event only what it changed is judged; after so many, everything anew, from the first byte. */
const EVENTS_PER_FULL_CHECK = 10_000

export class Invariants {
  readonly #watch: Watch
  readonly #all: readonly Invariant[]
  readonly #acknowledged: AcknowledgedIsCommitted
  readonly #votes = new VotesKept()
  #untilFull = EVENTS_PER_FULL_CHECK

  /** `isDurable`: what was acknowledged must be synced. */
  constructor(nodes: readonly SimNode[], history: History, isDurable: boolean) {
    const deletedBelow = (name: string) => history.deletedBelow(name)
    const once = new IdempotentOnce()
    const committed = new CommittedLogs((name: string, batch: StoredBatch) => once.committed(name, batch))
    this.#acknowledged = new AcknowledgedIsCommitted(history, committed)
    this.#watch = new Watch(nodes, (leader) => this.#acknowledged.leaving(leader))
    this.#all = [
      new OneLeaderPerEpoch(),
      new HighWatermarkGrows(),
      new MetadataAgrees(),
      new BrokerEpochsGrow(),
      new MetadataLogsMatch(),
      new MetadataHeld(),
      this.#votes,
      new SnapshotMeetsLog(),
      new QuorumSuperset(),
      new CommittedDataHeld(committed, isDurable, deletedBelow),
      new TruncatesAboveHighWatermark(deletedBelow),
    ]
  }

  /** The newest state of a partition that any broker has had, dead or alive. */
  newestView(topic: string, index: number): PartitionView | undefined {
    return this.#watch.newest.get(nameOf(topic, index))
  }

  /** Called after every event. */
  afterEvent(): void {
    if (--this.#untilFull <= 0) return this.checkAll()
    const news = this.#watch.look()
    // Most events change nothing that is watched; who leads the quorum is asked about all the same.
    if (news?.isQuiet === true) this.#votes.check(news)
    else if (news !== null) for (const invariant of this.#all) invariant.check(news)
    this.#acknowledged.check()
  }

  /** The process of the node ends: what it did in its last event is looked at now, or never. */
  dying(node: SimNode): void {
    for (const replica of this.#watch.replicasOn(node))
      if (replica.partition.isLeader) this.#acknowledged.leaving(replica)
  }

  /** Judges everything, also what has not changed since it was judged. */
  checkAll(): void {
    this.#untilFull = EVENTS_PER_FULL_CHECK
    const news = this.#watch.lookAtAll()
    for (const invariant of this.#all) invariant.check(news)
    this.#acknowledged.check()
  }
}
