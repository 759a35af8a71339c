import { initialQuorumState, type QuorumState, parseQuorumState } from '../../../../broker/consensus/quorum-state.ts'
import { SimFile, type SimNode } from '../../../../testing/sim/index.ts'
import { must, Violation } from '../../log/violation.ts'
import type { Invariant } from './invariant.ts'
import { METADATA_LOG } from './metadata-logs-match.ts'
import type { News } from './news.ts'

interface Kept {
  readonly file: SimFile
  readonly disksLost: number
  readonly state: QuorumState
  /** What its process lived to tell: a power cut in the very call that wrote the rest may take that back. */
  told: QuorumState
}

/**
 * What makes elections of the quorum safe: no voter goes back an epoch or changes its vote in one, over all its starts, and
 * whoever leads an epoch has a majority of voters on whose disks it stands that they voted for it, or went on.
 */
export class VotesKept implements Invariant {
  readonly #kept = new Map<number, Kept>()
  /** By node: the last epoch of the quorum that it was seen to lead. */
  readonly #led = new Map<number, number>()

  check({ isFull, nodes, active, logs, remounted }: News): void {
    // Who is alone can promise its vote to nobody else, and need not keep it.
    if (nodes.length === 1) return
    for (const { node, name } of logs) if (name === METADATA_LOG) this.#follow(node)
    for (const node of isFull ? nodes : remounted) this.#follow(node)
    for (const node of active) {
      const kept = this.#kept.get(node.id)
      if (kept !== undefined && node.state !== 'down') kept.told = kept.state
      this.#judgeElection(node)
    }
  }

  #judgeElection(node: SimNode): void {
    const services = node.inside?.services
    if (services === undefined || services.metadata.controllerId !== node.id) return
    const { epoch, voters } = services.cluster.controller
    if (this.#led.get(node.id) === epoch) return
    this.#led.set(node.id, epoch)
    const counted = voters.filter(({ id }) => this.#hasVoted(id, node.id, epoch))
    must(counted.length * 2 > voters.length, 'vote', () => {
      return `${node.host} leads the quorum in epoch ${epoch}, and the disks of only ${counted.length} of ${voters.length} voters say that they voted for it`
    })
  }

  #hasVoted(voter: number, leader: number, epoch: number): boolean {
    const state = this.#kept.get(voter)?.state
    if (state === undefined) return false
    return state.epoch > epoch || (state.epoch === epoch && (state.votedFor === leader || state.leader === leader))
  }

  #follow(node: SimNode): void {
    const file = node.disk.peek(`${node.config.dataDir}/${METADATA_LOG}/quorum-state`)
    const before = this.#kept.get(node.id)
    if (!(file instanceof SimFile) || file === before?.file) return
    const state = readState(node, file)
    const { disksLost } = node
    const told = before?.disksLost === disksLost ? before.told : initialQuorumState
    this.#kept.set(node.id, { file, disksLost, state, told })
    const { epoch, votedFor } = told
    must(
      state.epoch >= epoch,
      'vote',
      () => `${node.host} goes back from epoch ${epoch} of the quorum to ${state.epoch}`,
    )
    const isFirst = state.epoch > epoch || votedFor < 0
    must(isFirst || state.votedFor === votedFor, 'vote', () => {
      return `${node.host} votes for ${state.votedFor} in epoch ${epoch} of the quorum, and voted for ${votedFor} before`
    })
  }
}

function readState({ host }: SimNode, file: SimFile): QuorumState {
  try {
    return parseQuorumState(file.visible.view().toString('utf8'))
  } catch (error) {
    throw new Violation('vote', `${host} has forgotten its vote: ${String(error)}`)
  }
}
