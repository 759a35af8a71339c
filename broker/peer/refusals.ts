/** What other nodes refuse, and what is refused to them: logged once each, since whoever asks wrongly goes on asking. */
import { PEER_REFUSALS_MAX } from '../limits.ts'
import type { Logger } from '../services.ts'

export class Refusals {
  private readonly logger: Logger
  private readonly seen = new Set<string>()

  constructor(logger: Logger) {
    this.logger = logger
  }

  /** `nodeId` is -1 for a node that does not say who it is. `message` is ours; `reason` may hold what the other side sent. */
  note(nodeId: number, reason: Error, message: string): void {
    const key = `${nodeId} ${message} ${reason.message}`
    if (this.seen.has(key) || this.seen.size >= PEER_REFUSALS_MAX) return
    this.seen.add(key)
    this.logger.warn({ node: nodeId, reason: reason.message }, message)
  }
}
