/**
 * A voter that is found elsewhere than the quorum has written down says so (UpdateRaftVoter, KIP-853), until its leader has
 * written it down: so that nodes whose configuration does not name this one find it, and people are told the truth.
 */
import { errorName, Errors } from '../../proto/kafka/errors.ts'
import type { Voter } from '../consensus/voters.ts'
import type { ItemResult } from '../controller/api.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../services.ts'
import type { PeerAddress } from './channel.ts'

export interface VoterAddressOptions {
  readonly nodeId: number
  readonly directoryId: string
  readonly clock: Clock
  readonly logger: Logger
  /** Where others find this node; null for a node alone. */
  readonly address: () => PeerAddress | null
  /** Those that count now, as far as known here. */
  readonly voters: () => readonly Voter[]
  /** Asks the leader of the quorum. */
  readonly update: (voter: Voter, done: (result: ItemResult) => void) => void
  /** How long to wait before it is said again. */
  readonly retryMs: number
}

export class VoterAddress {
  private readonly options: VoterAddressOptions
  private isAsking = false
  private timer: Timer | null = null
  private closed = false

  constructor(options: VoterAddressOptions) {
    this.options = options
  }

  /** To be called whenever metadata was applied: a leader is known by then. */
  check(): void {
    const { nodeId, directoryId, clock, logger, address, voters, update, retryMs } = this.options
    const found = address()
    const known = voters().find(({ id }) => id === nodeId)
    if (this.closed || this.isAsking || found === null || known === undefined) return
    if (known.host === found.host && known.port === found.port) return
    this.isAsking = true
    update({ id: nodeId, directoryId, ...found }, ({ error, message }) => {
      const fields = { was: `${known.host}:${known.port}`, is: `${found.host}:${found.port}` }
      if (error === Errors.NONE) logger.info(fields, 'the quorum knows the new address of this voter')
      else if (error !== Errors.REQUEST_TIMED_OUT && !this.closed) {
        logger.warn(
          { ...fields, error: errorName(error), message },
          'the quorum did not take the new address of this voter',
        )
      }
      this.timer = clock.after(retryMs, () => {
        this.timer = null
        this.isAsking = false
        this.check()
      })
    })
  }

  /** Idempotent. */
  close(): void {
    this.closed = true
    this.timer?.cancel()
  }
}
