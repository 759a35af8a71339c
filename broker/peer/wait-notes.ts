/** What a broker logs while it waits for its cluster: every few seconds before it has joined, and once when it is cut off. */
import type { Logger } from '../services.ts'

/** How often a broker that has not joined says so (ms). */
const INTERVAL_MS = 5_000

export class WaitNotes {
  private readonly logger: Logger
  private notedMs = 0
  private cutOffMs: number | null = null

  constructor(logger: Logger) {
    this.logger = logger
  }

  /** From here on the broker waits. */
  begin(nowMs: number): void {
    this.notedMs = nowMs
  }

  /**
   * It still does. `isDuplicate`: because the controller takes another broker that lives for this one. `isFull`: because
   * there is no room for its metadata log.
   */
  waits(nowMs: number, sinceMs: number, controllerId: number, why: { isDuplicate: boolean; isFull: boolean }): void {
    if (nowMs - this.notedMs < INTERVAL_MS) return
    this.notedMs = nowMs
    const fields = { waitedMs: Math.round(nowMs - sinceMs), controllerId }
    if (why.isFull) this.logger.warn(fields, 'the disk is full: waiting for room, without which this node cannot join')
    else if (why.isDuplicate)
      this.logger.warn(fields, 'waiting for another broker that lives under the same node.id to go')
    else if (controllerId >= 0) this.logger.warn(fields, 'waiting for the active controller to answer')
    else this.logger.warn(fields, 'waiting for an active controller: a majority of the voters must be up')
  }

  /** Whether a broker that has joined is cut off now. */
  cutOff(isCutOff: boolean, nowMs: number, controllerId: number): void {
    if (isCutOff === (this.cutOffMs !== null)) return
    if (this.cutOffMs === null) {
      const consequence = 'this broker leads nothing and changes no metadata until one does'
      this.logger.warn({ controllerId }, `no active controller has answered for a whole session: ${consequence}`)
      this.cutOffMs = nowMs
    } else {
      const lastedMs = Math.round(nowMs - this.cutOffMs)
      this.cutOffMs = null
      this.logger.warn({ controllerId, lastedMs }, 'the active controller answers again')
    }
  }
}
