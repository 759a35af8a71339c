/** What other nodes refuse, and what is refused to them: logged once each, since whoever asks wrongly goes on asking. */
import type { FeatureRange } from '../../proto/cluster.ts'
import { type ErrorCode, errorName, Errors } from '../../proto/kafka/errors.ts'
import type { MetadataView } from '../controller/view.ts'
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
    this.logger.warn({ ...(nodeId < 0 ? {} : { node: nodeId }), reason: reason.message }, message)
  }
}

/** What a broker that is refused knows of itself. */
export interface RefusedNode {
  readonly nodeId: number
  readonly clusterId: string
  readonly dataDir: string
  readonly directoryId: string
  readonly supported: readonly FeatureRange[]
}

/** One line for whoever started it: what is wrong, and what to do. `metadata` is what the broker has applied so far. */
export function registrationRefusal(
  code: ErrorCode,
  node: RefusedNode,
  metadata: Pick<MetadataView, 'features'>,
): string {
  const { nodeId, clusterId, dataDir, directoryId, supported } = node
  const name = errorName(code)
  switch (code) {
    case Errors.DUPLICATE_BROKER_REGISTRATION:
      return `node.id ${nodeId} is in use by another broker that lives: give each broker an id of its own (${name})`
    case Errors.INCONSISTENT_CLUSTER_ID:
      return `${dataDir} belongs to cluster ${clusterId}, and the voters to another: check controller.quorum.voters and cluster.id (${name})`
    case Errors.INVALID_REGISTRATION:
      return `another broker is registered with directory id ${directoryId}: ${dataDir} is a copy of its data; give broker ${nodeId} an empty directory (${name})`
    case Errors.UNSUPPORTED_VERSION: {
      const unfit = supported.find((range) => !includes(range, metadata.features().get(range.name) ?? range.minLevel))
      const what =
        unfit === undefined
          ? 'a feature level that this release does not understand'
          : `${unfit.name} ${metadata.features().get(unfit.name)}, and this broker understands ${unfit.minLevel} to ${unfit.maxLevel}`
      return `the cluster has agreed on ${what}: start broker ${nodeId} with the release of the others (${name})`
    }
    default:
      return `the cluster refuses broker ${nodeId}: ${name}`
  }
}

function includes({ minLevel, maxLevel }: FeatureRange, level: number): boolean {
  return level >= minLevel && level <= maxLevel
}
