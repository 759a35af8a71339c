import type { PartitionView } from '../../../../broker/controller/view.ts'
import type { StoredBatch } from '../../../../testing/sim/index.ts'
import { LogFiles, type SimNode } from '../../../../testing/sim/index.ts'
import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import type { LiveReplica, Survey } from './survey.ts'

type Entry = Pick<StoredBatch, 'baseOffset' | 'nextOffset' | 'leaderEpoch' | 'crc'>

/** How far one replica has been compared. */
interface Cursor {
  readonly files: LogFiles
  readonly life: number
  /** Entries of the committed log that it has been found to hold. */
  held: number
  changes: string
}

/** What was committed of one partition: below some leader's high watermark. */
interface Committed {
  readonly entries: Entry[]
  endOffset: number
  readonly cursors: Map<number, Cursor>
}

/**
 * R1, R2, R3, R8, R9: what was once below a leader's high watermark is held, byte for byte, by everybody who may lead (the
 * in-sync set and the eligible leader replicas), dead or alive, in `fsync` mode durably; and by every replica up to its own
 * high watermark.
 */
export class CommittedDataHeld implements Invariant {
  readonly #committed = new Map<string, Committed>()
  /** The newest state of each partition that anybody has had: who had it may be down, and those that are up behind. */
  readonly #newest = new Map<string, PartitionView>()
  readonly #isDurable: boolean

  /** `isDurable`: what was acknowledged must be synced. */
  constructor(isDurable: boolean) {
    this.#isDurable = isDurable
  }

  check(survey: Survey): void {
    for (const replica of survey.replicas) if (replica.partition.isLeader) this.#learn(replica)
    for (const [name, view] of survey.newest) {
      if ((this.#newest.get(name)?.partitionEpoch ?? -1) < view.partitionEpoch) this.#newest.set(name, view)
    }
    for (const [name, { isr, elr }] of this.#newest) {
      const committed = this.#committed.get(name)
      if (committed === undefined) continue
      for (const node of survey.nodes) {
        if (isr.includes(node.id) || elr.includes(node.id)) this.#mustHold(name, committed, node)
      }
    }
    for (const { node, name, partition } of survey.replicas) {
      const committed = this.#committed.get(name)
      if (committed !== undefined)
        this.#compare(name, committed, node, Math.min(partition.highWatermark, committed.endOffset))
    }
  }

  /** A leader's high watermark has moved: what it passed is committed from now on. */
  #learn({ node, name, partition }: LiveReplica): void {
    const { highWatermark } = partition
    let committed = this.#committed.get(name)
    if (committed === undefined) {
      committed = { entries: [], endOffset: 0, cursors: new Map() }
      this.#committed.set(name, committed)
    }
    if (highWatermark <= committed.endOffset) return
    const cursor = this.#compare(name, committed, node, committed.endOffset)
    for (const batch of cursor.files.from(node.disk, committed.endOffset)) {
      const { baseOffset, nextOffset, leaderEpoch, crc } = batch
      if (nextOffset > highWatermark) break
      this.#mustBeDurable(name, node, batch)
      committed.entries.push({ baseOffset, nextOffset, leaderEpoch, crc })
      committed.endOffset = nextOffset
    }
    cursor.held = committed.entries.length
    must(committed.endOffset >= highWatermark, 'R8', () => {
      return `${name} on ${node.host} has the high watermark ${highWatermark}, and its files end at ${committed.endOffset}`
    })
  }

  #mustHold(name: string, committed: Committed, node: SimNode): void {
    const cursor = this.#compare(name, committed, node, committed.endOffset, true)
    must(cursor.held === committed.entries.length, 'R3', () => {
      const from = committed.entries[cursor.held]?.baseOffset
      return `${name} is committed up to ${committed.endOffset}, and ${node.host} may lead it, and holds it up to ${from}`
    })
  }

  /** Compares what a replica holds below `endOffset` with what is committed. */
  #compare(name: string, committed: Committed, node: SimNode, endOffset: number, mayLead = false): Cursor {
    const cursor = this.#cursor(name, committed, node)
    const next = committed.entries[cursor.held]
    if (next === undefined || next.baseOffset >= endOffset) return cursor
    for (const batch of cursor.files.from(node.disk, next.baseOffset)) {
      const entry = committed.entries[cursor.held]
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
  #cursor(name: string, committed: Committed, node: SimNode): Cursor {
    let cursor = committed.cursors.get(node.id)
    const files = cursor?.files ?? new LogFiles(`${node.config.dataDir}/${name}`)
    const changes = files.changes(node.disk)
    if (cursor === undefined || cursor.life !== node.lives || cursor.changes !== changes) {
      cursor = { files, life: node.lives, held: 0, changes }
      committed.cursors.set(node.id, cursor)
    }
    return cursor
  }
}
