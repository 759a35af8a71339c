/** How the parts of a broker ask the active controller, wherever it is, for what only brokers ask for. */
import type * as alter from '../../proto/kafka/generated/56-alter-partition.ts'
import type { PeerError } from '../peer/errors.ts'

export interface ControllerLink {
  /**
   * Asks for other in-sync sets. `done` is called once, in a later turn: with the answer, or with the error that kept it
   * away (`unsent` also when no active controller is known). Whoever asks tries again, after a pause of its own.
   */
  alterPartition(
    request: alter.AlterPartitionRequest,
    done: (error: PeerError | null, response: alter.AlterPartitionResponse | null) => void,
  ): void
}
