import type { Disk } from '../../ports/disk.ts'
import { walkBatches } from './batch-walk.ts'
import { FileWindow } from './file-window.ts'
import type { Findings } from './finding.ts'

/** Checks framing and CRC of a file of batches that is no segment: Kafka's `bootstrap.checkpoint` and metadata snapshots. */
export function checkBatchFile(disk: Disk, path: string, findings: Findings): void {
  const window = new FileWindow(disk, path)
  try {
    walkBatches(window, () => ({ from: 0, to: Number.MAX_SAFE_INTEGER }), {
      batch: () => true,
      damage(start, end, reason) {
        const what = `${reason}: ${end - start} bytes are damaged`
        findings.add('error', path, start, what, 'restore the file from another broker of the cluster')
        return true
      },
    })
  } finally {
    window.close()
  }
}
