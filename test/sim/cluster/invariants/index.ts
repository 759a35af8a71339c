/** Every invariant of a cluster's insides. */
import type { SimNode } from '../../../../testing/sim/index.ts'
import { BrokerEpochsGrow } from './broker-epochs.ts'
import { CommittedDataHeld } from './committed-data-held.ts'
import { HighWatermarkGrows } from './high-watermark-grows.ts'
import type { Invariant } from './invariant.ts'
import { MetadataLogsMatch } from './metadata-logs-match.ts'
import { MetadataAgrees } from './metadata-agrees.ts'
import { OneLeaderPerEpoch } from './one-leader-per-epoch.ts'
import { survey } from './survey.ts'

/** A look at everything costs as much as some ten events: it is taken after each so many. */
const EVENTS_PER_LOOK = 100

export class Invariants {
  readonly #all: readonly Invariant[]
  #untilLook = 0

  constructor(isDurable: boolean) {
    this.#all = [
      new OneLeaderPerEpoch(),
      new HighWatermarkGrows(),
      new MetadataAgrees(),
      new BrokerEpochsGrow(),
      new MetadataLogsMatch(),
      new CommittedDataHeld(isDurable),
    ]
  }

  /** Called after every event. */
  afterEvent(nodes: readonly SimNode[]): void {
    if (this.#untilLook-- > 0) return
    this.#untilLook = EVENTS_PER_LOOK
    this.check(nodes)
  }

  check(nodes: readonly SimNode[]): void {
    const seen = survey(nodes)
    for (const invariant of this.#all) invariant.check(seen)
  }
}
