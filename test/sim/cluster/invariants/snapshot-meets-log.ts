import { SimDirectory, type SimNode } from '../../../../testing/sim/index.ts'
import { must } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import { METADATA_LOG } from './metadata-logs-match.ts'
import type { News } from './news.ts'

/** R10: a metadata log that does not begin at 0 begins no later than a snapshot ends, so that nothing is missing between. */
export class SnapshotMeetsLog implements Invariant {
  check({ logs, remounted }: News): void {
    for (const { node, name } of logs) if (name === METADATA_LOG) this.#judge(node)
    for (const node of remounted) this.#judge(node)
  }

  #judge({ disk, config, host }: SimNode): void {
    const directory = disk.peek(`${config.dataDir}/${METADATA_LOG}`)
    if (!(directory instanceof SimDirectory)) return
    let first = Number.POSITIVE_INFINITY
    let snapshotEnd = 0
    for (const name of directory.visible.keys()) {
      const offset = Number.parseInt(name, 10)
      if (name.endsWith('.log')) first = Math.min(first, offset)
      else if (name.endsWith('.checkpoint')) snapshotEnd = Math.max(snapshotEnd, offset)
    }
    must(first === Number.POSITIVE_INFINITY || first <= snapshotEnd, 'R10', () => {
      return `the metadata log of ${host} begins at ${first}, and its newest snapshot ends at ${snapshotEnd}`
    })
  }
}
