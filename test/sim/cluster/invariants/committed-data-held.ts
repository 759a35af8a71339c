import type { PartitionView } from '../../../../broker/controller/view.ts'
import { LogFiles, type SimNode, type StoredBatch } from '../../../../testing/sim/index.ts'
import { must } from '../../log/violation.ts'
import type { CommittedLog, CommittedLogs } from './committed-logs.ts'
import type { Invariant } from './invariant.ts'
import { LostDisks } from './lost-disks.ts'
import type { News } from './news.ts'
import type { LiveReplica } from './survey.ts'

/** How far one replica has been compared. */
interface Cursor {
  readonly files: LogFiles
  life: number
  /** Batches of the committed log that it has been found to hold. */
  held: number
  changes: string
  /** Something was written to its files, or they were cut. */
  isStale: boolean
}

const NOBODY: Pick<PartitionView, 'isr' | 'elr'> = { isr: [], elr: [] }

/**
 * R1, R2, R3, R8, R9: what was once below a leader's high watermark is held, byte for byte, by everybody who may lead (the
 * in-sync set and the eligible leader replicas), dead or alive, in `fsync` mode durably; and by every replica up to its own
 * high watermark.
 */
export class CommittedDataHeld implements Invariant {
  readonly #committed: CommittedLogs
  readonly #views = new Map<string, PartitionView>()
  /** By partition and node. */
  readonly #cursors = new Map<string, Map<number, Cursor>>()
  readonly #isDurable: boolean
  readonly #deletedBelow: (name: string) => number
  readonly #lostDisks = new LostDisks()

  /** `isDurable`: what was acknowledged must be synced. `deletedBelow`: what need not be there any more. */
  constructor(committed: CommittedLogs, isDurable: boolean, deletedBelow: (name: string) => number) {
    this.#committed = committed
    this.#isDurable = isDurable
    this.#deletedBelow = deletedBelow
  }

  check(news: News): void {
    const names = this.#changed(news)
    this.#lostDisks.learn(news)
    for (const replica of news.replicas) if (replica.partition.isLeader || replica.wasLeader) this.#learn(replica)
    for (const name of names) {
      const committed = this.#committed.get(name)
      if (committed !== undefined) this.#judge(name, committed, news)
    }
  }

  /** The partitions that are to be looked at again. */
  #changed({ isFull, replicas, views, logs, remounted }: News): Iterable<string> {
    for (const [name, view] of views) this.#views.set(name, view)
    if (isFull) this.#cursors.clear()
    for (const { node, name } of logs) {
      const cursor = this.#cursors.get(name)?.get(node.id)
      if (cursor !== undefined) cursor.isStale = true
    }
    if (isFull || remounted.length > 0) return this.#committed.names()
    const names = new Set<string>(views.keys())
    for (const { name } of replicas) names.add(name)
    for (const { name } of logs) names.add(name)
    return names
  }

  #judge(name: string, committed: CommittedLog, { nodes, replicasOf }: News): void {
    const { isr, elr } = this.#views.get(name) ?? NOBODY
    for (const node of nodes) {
      const mayLead = isr.includes(node.id) || elr.includes(node.id)
      if (mayLead && !this.#lostDisks.isExcused(node)) this.#mustHold(name, committed, node)
    }
    for (const { node, partition } of replicasOf(name)) {
      this.#compare(name, committed, node, Math.min(partition.highWatermark, committed.endOffset))
    }
  }

  /** A leader's high watermark has moved: what it passed is committed from now on. */
  #learn({ node, name, partition }: LiveReplica): void {
    const { highWatermark } = partition
    const committed = this.#committed.of(name)
    if (highWatermark <= committed.endOffset) return
    const cursor = this.#compare(name, committed, node, committed.endOffset)
    for (const batch of cursor.files.from(node.disk, committed.endOffset)) {
      if (batch.nextOffset > highWatermark) break
      this.#mustBeDurable(name, node, batch)
      this.#committed.add(name, committed, batch)
    }
    cursor.held = committed.batches.length
    must(committed.endOffset >= highWatermark, 'R8', () => {
      return `${name} on ${node.host} has the high watermark ${highWatermark}, and its files end at ${committed.endOffset}`
    })
  }

  #mustHold(name: string, committed: CommittedLog, node: SimNode): void {
    const cursor = this.#compare(name, committed, node, committed.endOffset, true)
    must(cursor.held === committed.batches.length, 'R3', () => {
      const from = committed.batches[cursor.held]?.baseOffset
      return `${name} is committed up to ${committed.endOffset}, and ${node.host} may lead it, and holds it up to ${from}`
    })
  }

  /** Compares what a replica holds below `endOffset` with what is committed. */
  #compare(name: string, committed: CommittedLog, node: SimNode, endOffset: number, mayLead = false): Cursor {
    const cursor = this.#cursor(name, node)
    const deletedBelow = this.#deletedBelow(name)
    while ((committed.batches[cursor.held]?.nextOffset ?? Number.POSITIVE_INFINITY) <= deletedBelow) cursor.held++
    const next = committed.batches[cursor.held]
    if (next === undefined || next.baseOffset >= endOffset) return cursor
    for (const batch of cursor.files.from(node.disk, next.baseOffset)) {
      const entry = committed.batches[cursor.held]
      if (entry === undefined || entry.baseOffset >= endOffset) break
      const isSame =
        batch.baseOffset === entry.baseOffset && batch.crc === entry.crc && batch.leaderEpoch === entry.leaderEpoch
      must(isSame, 'R9', () => {
        return `${name} offset ${entry.baseOffset} was committed in epoch ${entry.leaderEpoch}, and on ${node.host} is of epoch ${batch.leaderEpoch} with offset ${batch.baseOffset}`
      })
      if (mayLead) this.#mustBeDurable(name, node, batch)
      cursor.held++
    }
    return cursor
  }

  #mustBeDurable(name: string, node: SimNode, { baseOffset, isDurable }: StoredBatch): void {
    must(isDurable || !this.#isDurable, 'R8', () => {
      return `${name} offset ${baseOffset} is committed, and on ${node.host}, which may lead it, not synced`
    })
  }

  /** A replica that was started again, or whose files were cut, is compared from the beginning. */
  #cursor(name: string, node: SimNode): Cursor {
    let cursors = this.#cursors.get(name)
    if (cursors === undefined) this.#cursors.set(name, (cursors = new Map()))
    let cursor = cursors.get(node.id)
    if (cursor === undefined) {
      const files = new LogFiles(`${node.config.dataDir}/${name}`)
      cursor = { files, life: -1, held: 0, changes: '', isStale: true }
      cursors.set(node.id, cursor)
    }
    if (!cursor.isStale && cursor.life === node.lives) return cursor
    const changes = cursor.files.changes(node.disk)
    if (cursor.life !== node.lives || cursor.changes !== changes) cursor.held = 0
    cursor.life = node.lives
    cursor.changes = changes
    cursor.isStale = false
    return cursor
  }
}
