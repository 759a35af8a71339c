/**
 * Bugs to be planted in replication, the controller and consensus: each must make the simulator of the cluster fail. More of
 * consensus are in the world of the core alone (`../raft`), which makes more elections in a second than a cluster in an hour.
 */
import type { Mutant } from '../mutants.ts'

const replication: readonly Mutant[] = [
  {
    name: 'ack-before-replication',
    file: 'broker/replication/isr.ts',
    find: 'smallest = Math.min(smallest, endOf(replica))',
    replace: 'smallest = Number.isFinite(smallest) ? Math.max(smallest, endOf(replica)) : endOf(replica)',
  },
  {
    name: 'ack-under-the-minimum',
    file: 'broker/replication/isr.ts',
    find: '  if (isr.committed.length < minIsr) return current\n',
    replace: '',
    also: {
      file: 'broker/replication/leader/leader-role.ts',
      find: 'return this.isr.committed.length >= this.minIsr',
      replace: 'return this.minIsr > 0',
    },
  },
  {
    name: 'additions-do-not-count',
    file: 'broker/replication/isr.ts',
    find: '  return [...new Set([...isr.committed, ...isr.proposedAdditions])]\n',
    replace: '  return isr.committed\n',
  },
  {
    name: 'removals-count-at-once',
    file: 'broker/replication/leader/in-sync-set.ts',
    find: 'this.counted = { committed: isr, proposedAdditions }',
    replace:
      'this.counted = { committed: proposal === null ? isr : isr.filter((id) => proposal.isr.some(({ brokerId }) => brokerId === id)), proposedAdditions }',
  },
  {
    name: 'join-before-caught-up',
    file: 'broker/replication/leader/in-sync-set.ts',
    find: '    if (follower.endOffset < highWatermark || follower.endOffset < this.epochStartOffset) return false\n',
    replace: '    if (highWatermark < 0) return false\n',
  },
  {
    name: 'acknowledge-fetch-before-sync',
    file: 'broker/replication/hosted-partition.ts',
    find: 'if (this.retired || !this.host.syncs) done()',
    replace: 'if (this.retired || this.host.nowMs() > 0) done()',
  },
  {
    name: 'leader-counts-before-sync',
    file: 'broker/replication/leader/leader-role.ts',
    find: 'replica === host.nodeId ? log.committableEndOffset :',
    replace: 'replica === host.nodeId ? log.flushedEndOffset :',
  },
  {
    name: 'truncate-to-high-watermark',
    file: 'broker/replication/follower/follower-role.ts',
    find: '    log.dropEmptyEpochs()\n',
    replace:
      '    log.dropEmptyEpochs()\n    if (log.highWatermark < log.logEndOffset) log.truncateTo(log.highWatermark, host.nowMs())\n',
  },
  {
    name: 'divergence-not-cut',
    file: 'broker/handlers/fetch/replica-read.ts',
    find: 'if (end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset) {',
    replace: 'if (end.epoch < -1) {',
  },
  {
    name: 'serve-consumers-above-the-high-watermark',
    file: 'broker/handlers/fetch/target.ts',
    find: 'return readCommitted ? partition.lastStableOffset : partition.highWatermark',
    replace: 'return readCommitted ? partition.lastStableOffset : partition.logEndOffset',
  },
  {
    name: 'deposed-leader-confirms',
    file: 'broker/replication/hosted-partition.ts',
    find: '    this.refuseParked(-1, Errors.NOT_LEADER_OR_FOLLOWER)\n',
    replace:
      '    this.leader?.produces.committed(this.log.logEndOffset, this.log.logStartOffset, true)\n    this.refuseParked(-1, Errors.NOT_LEADER_OR_FOLLOWER)\n',
  },
  {
    name: 'offsets-committed-by-the-leader-alone',
    file: 'broker/replication/hosted-partition.ts',
    find: 'this.appendChecked(batch, -1, Number.POSITIVE_INFINITY,',
    replace: 'this.appendChecked(batch, 1, Number.POSITIVE_INFINITY,',
  },
  {
    name: 'followers-note-no-epochs',
    file: 'broker/log/follower-append.ts',
    find: 'beginEpoch(parts, header.leaderEpoch(batch, 0), baseOffset)',
    replace: '(baseOffset < 0 ? beginEpoch(parts, header.leaderEpoch(batch, 0), baseOffset) : null)',
  },
  {
    name: 'follower-forgets-producers',
    file: 'broker/log/follower-append.ts',
    find: '  queueBatch(parts, owned(batch), baseOffset, nowMs)\n',
    replace:
      '  const copy = owned(batch)\n  copy.writeBigInt64BE(-1n, 43)\n  queueBatch(parts, copy, baseOffset, nowMs)\n',
  },
]

const following: readonly Mutant[] = [
  {
    name: 'half-a-batch-is-refused',
    file: 'broker/replication/follower/fetched-batches.ts',
    find: 'return baseOffset < logEndOffset && header.lastOffset(records, 0) >= logEndOffset ? baseOffset : logEndOffset',
    replace: 'return baseOffset < -1 ? baseOffset : logEndOffset',
  },
]

const controller: readonly Mutant[] = [
  {
    name: 'elect-outside-the-isr',
    file: 'broker/controller/partition-change.ts',
    find: 'change.isActive(id) && (target.isr.includes(id) || (target.isr.length === 0 && target.elr.includes(id)))',
    replace: 'change.isActive(id)',
  },
  {
    name: 'elect-the-preferred-out-of-sync',
    file: 'broker/controller/partition-change.ts',
    find: 'const clean = order.find(eligible)',
    replace: 'const clean = order.find((id) => eligible(id) || (id === target.replicas[0] && change.isActive(id)))',
  },
  {
    name: 'everybody-who-left-stays-eligible',
    file: 'broker/controller/partition-change.ts',
    find: 'if (isr.length >= Math.min(change.minIsr, move.replicas.length)) return { ...move, isr, elr: [], lastKnownElr: [] }\n',
    replace: '',
  },
  {
    name: 'eligible-although-the-minimum-fell',
    file: 'broker/controller/alter-configs.ts',
    find: '[...records, ...minIsrChanges(context, records)]',
    replace: 'records',
  },
  {
    name: 'skip-an-epoch-bump',
    file: 'broker/controller/image.ts',
    find: 'leaderEpoch: before.leaderEpoch + (record.leader === null ? 0 : 1),',
    replace:
      'leaderEpoch: before.leaderEpoch + (record.leader === null || record.leader === before.replicas[0] ? 0 : 1),',
  },
  {
    name: 'producer-ids-given-twice',
    file: 'broker/controller/producer-ids.ts',
    find: 'const nextProducerId = first + PRODUCER_ID_BLOCK_SIZE',
    replace: 'const nextProducerId = first + 1',
  },
  {
    name: 'reuse-a-broker-epoch',
    file: 'broker/controller/image.ts',
    find: 'return this.register(record, offset)',
    replace: 'return this.register(record, this.registrations.get(record.brokerId)?.epoch ?? offset)',
  },
]

const consensus: readonly Mutant[] = [
  {
    name: 'forget-a-vote',
    file: 'broker/consensus/voting.ts',
    find: '    state.remember({ votedFor: request.candidate })\n',
    replace: '',
  },
  {
    name: 'vote-twice',
    file: 'broker/consensus/voting.ts',
    find: '    persistent.votedFor === NO_NODE &&\n',
    replace: '',
  },
  {
    name: 'vote-not-synced',
    file: 'broker/consensus/quorum-state.ts',
    find: 'this.clusterId)), { sync })',
    replace: 'this.clusterId)), { sync: false })',
  },
  {
    name: 'quorum-counts-before-sync',
    file: 'broker/consensus/quorum-log.ts',
    find: 'return this.log.durableEndOffset',
    replace: 'return this.log.flushedEndOffset',
  },
  {
    name: 'vote-for-a-shorter-log',
    file: 'broker/consensus/state.ts',
    find: 'return lastEpoch > own || (lastEpoch === own && endOffset >= this.log.endOffset)',
    replace: 'return lastEpoch >= 0 || endOffset > own',
  },
  {
    name: 'commit-without-a-majority',
    file: 'broker/consensus/majority.ts',
    find: 'return descending[majorityOf(offsets.length) - 1] ?? 0',
    replace: 'return descending[0] ?? 0',
  },
  {
    name: 'metadata-divergence-not-cut',
    file: 'broker/consensus/leader.ts',
    find: 'const prefix = end.epoch === request.lastEpoch && request.fetchOffset <= end.endOffset',
    replace: 'const prefix = end.epoch > -2 && request.fetchOffset <= state.log.endOffset',
  },
]

export const clusterMutants: readonly Mutant[] = [...replication, ...following, ...controller, ...consensus]
