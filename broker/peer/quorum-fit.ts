/** Whether this node belongs to the quorum that it finds: what the others refuse it, and whom it took for voters. */
import { Errors } from '../../proto/kafka/errors.ts'
import type { Voter } from '../config/voters.ts'
import { MembershipError } from '../errors.ts'
import type { Logger } from '../services.ts'
import { QuorumRefusal } from './quorum-wire.ts'
import { Refusals } from './refusals.ts'

export interface QuorumFitOptions {
  readonly logger: Logger
  /** `controller.quorum.voters`; empty for a node alone. */
  readonly configured: readonly Voter[]
  readonly clusterId: () => string
  /** This node can never be part of the cluster. */
  readonly misfit: (why: MembershipError) => void
}

export class QuorumFit {
  private readonly options: QuorumFitOptions
  private readonly refusals: Refusals
  /** Voters that say that this node belongs to another cluster. */
  private readonly strangers = new Set<number>()

  constructor(options: QuorumFitOptions) {
    this.options = options
    this.refusals = new Refusals(options.logger)
  }

  /** Another member refuses this node. Refused by a majority as one of another cluster, it will never find its place here. */
  refused(nodeId: number, reason: Error): void {
    this.refusals.note(nodeId, reason, 'a member of the quorum refuses this node')
    if (!(reason instanceof QuorumRefusal) || reason.code !== Errors.INCONSISTENT_CLUSTER_ID) return
    const { configured, clusterId, misfit } = this.options
    this.strangers.add(nodeId)
    if (this.strangers.size * 2 <= configured.length) return
    const voters = `check controller.quorum.voters, and set cluster.id if the list has changed since the cluster was made`
    misfit(
      new MembershipError(
        `the other voters belong to another cluster than ${clusterId()}: ${voters} (INCONSISTENT_CLUSTER_ID)`,
      ),
    )
  }

  /** This node refuses the request of another. */
  rejected(reason: Error): void {
    this.refusals.note(-1, reason, 'a request of another node is refused')
  }

  /** Who votes is what the metadata log says (KIP-853): a list that says otherwise means nothing, and somebody should know. */
  compare(voting: readonly Voter[]): void {
    const { configured, logger } = this.options
    const ids = (voters: readonly Voter[]) => voters.map(({ id }) => id)
    const [named, counted] = [ids(configured), ids(voting)]
    if (configured.length === 0 || named.join() === counted.join()) return
    const message =
      'controller.quorum.voters names others than those that vote: the metadata log counts, which millrace quorum add-voter and remove-voter change'
    logger.warn({ named, voting: counted }, message)
  }
}
