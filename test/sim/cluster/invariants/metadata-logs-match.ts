import { LogFiles, type SimNode } from '../../../../testing/sim/index.ts'
import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import type { News } from './news.ts'

export const METADATA_LOG = '__cluster_metadata-0'

interface Cursor {
  readonly files: LogFiles
  life: number
  changes: string
  offset: number
  /** The last batch seen, as `offset/epoch`. */
  last: string
}

/**
 * Log matching of the metadata log: two logs that hold a batch with the same offset and epoch are the same up to there. With
 * snapshots a log begins later, and is compared from there.
 */
export class MetadataLogsMatch implements Invariant {
  readonly #cursors = new Map<number, Cursor>()
  /** By offset and epoch: the batch, and what it follows. */
  readonly #batches = new Map<string, { readonly crc: number; readonly previous: string }>()

  check({ isFull, nodes, logs, remounted }: News): void {
    // Who is alone may lead an epoch again after a power cut: what was not synced of it nobody else has seen.
    if (nodes.length === 1) return
    if (isFull) this.#cursors.clear()
    for (const { node, name } of logs) if (name === METADATA_LOG) this.#follow(node)
    for (const node of isFull ? nodes : remounted) this.#follow(node)
  }

  #follow(node: SimNode): void {
    let cursor = this.#cursors.get(node.id)
    const files = cursor?.files ?? new LogFiles(`${node.config.dataDir}/${METADATA_LOG}`)
    const changes = files.changes(node.disk)
    if (cursor === undefined || cursor.life !== node.lives || cursor.changes !== changes) {
      cursor = { files, life: node.lives, changes, offset: 0, last: '' }
      this.#cursors.set(node.id, cursor)
    }
    for (const { baseOffset, nextOffset, leaderEpoch, crc } of files.from(node.disk, cursor.offset)) {
      const key = `${baseOffset}/${leaderEpoch}`
      const known = this.#batches.get(key)
      must(known === undefined || known.crc === crc, 'R9', () => {
        return `the metadata logs hold different batches of offset ${baseOffset} and epoch ${leaderEpoch}, one of them on ${node.host}`
      })
      const previous = cursor.last
      if (previous !== '') {
        must(known === undefined || known.previous === '' || known.previous === previous, 'R9', () => {
          return `in the metadata log of ${node.host} ${key} follows ${previous}, elsewhere ${known?.previous}`
        })
      }
      if (known === undefined || known.previous === '') this.#batches.set(key, { crc, previous })
      cursor.last = key
      cursor.offset = nextOffset
    }
  }
}
