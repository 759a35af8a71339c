/** Bugs to be planted in the core of the quorum: each must make a seed fail. */
import type { Mutant } from '../mutants.ts'

export const raftMutants: readonly Mutant[] = [
  {
    name: 'votes-twice-in-an-epoch',
    file: 'broker/consensus/voting.ts',
    find: '    persistent.votedFor === NO_NODE &&\n',
    replace: '',
  },
  {
    name: 'vote-forgotten',
    file: 'broker/consensus/voting.ts',
    find: '    state.remember({ votedFor: request.candidate })\n',
    replace: '',
  },
  {
    name: 'vote-told-before-it-is-kept',
    file: 'broker/consensus/state.ts',
    find: "effects.unshift({ type: 'persist', state: this.persistent })",
    replace: "effects.push({ type: 'persist', state: this.persistent })",
  },
  {
    name: 'vote-for-a-shorter-log',
    file: 'broker/consensus/state.ts',
    find: '(lastEpoch === own && endOffset >= this.log.endOffset)',
    replace: '(lastEpoch === own && endOffset >= 0)',
  },
  {
    name: 'vote-for-an-older-epoch',
    file: 'broker/consensus/state.ts',
    find: 'return lastEpoch > own ||',
    replace: 'return lastEpoch < own ||',
  },
  {
    name: 'epoch-not-raised',
    file: 'broker/consensus/transitions.ts',
    find: 'state.remember({ epoch: state.epoch + 1, votedFor: state.options.nodeId, leader: NO_NODE })',
    replace: 'state.remember({ epoch: state.epoch || 1, votedFor: state.options.nodeId, leader: NO_NODE })',
  },
  {
    name: 'half-is-a-majority',
    file: 'broker/consensus/majority.ts',
    find: 'return Math.floor(voterCount / 2) + 1',
    replace: 'return Math.ceil(voterCount / 2)',
  },
  {
    name: 'old-epoch-committed-by-counting',
    file: 'broker/consensus/leader.ts',
    find: 'if (offset <= role.epochStartOffset || !state.commit(offset)) return',
    replace: 'if (!state.commit(offset)) return',
  },
  {
    name: 'leader-resumes-its-epoch',
    file: 'broker/consensus/raft.ts',
    find: 'else if (state.leader === nodeId) becomeResigned(state, state.otherVoters)',
    replace: 'else if (state.leader === nodeId) becomeLeader(state)',
    also: {
      file: 'broker/consensus/raft.ts',
      find: '  becomeNewcomer,\n  becomeResigned,',
      replace: '  becomeLeader,\n  becomeNewcomer,\n  becomeResigned,',
    },
  },
  {
    name: 'acknowledged-before-it-is-durable',
    file: 'broker/consensus/transitions.ts',
    find: 'return log.durableEndOffset === log.endOffset && download?.isComplete !== true',
    replace: 'return download?.isComplete !== true',
  },
  {
    name: 'divergence-not-looked-at',
    file: 'broker/consensus/leader.ts',
    find: 'return prefix ? null : end',
    replace: 'return prefix || end.endOffset > 0 ? null : end',
  },
  {
    name: 'cut-too-little',
    file: 'broker/consensus/follower.ts',
    find: 'Math.min(diverging.endOffset, own.endOffset)',
    replace: 'Math.max(diverging.endOffset, own.endOffset)',
  },
  {
    name: 'voters-changed-before-the-last-commit',
    file: 'broker/consensus/voter-change.ts',
    find: 'if (votersOffset >= highWatermark) {',
    replace: 'if (votersOffset < -1) {',
    also: {
      file: 'broker/consensus/voter-change.ts',
      find: 'if (role.change !== null) {',
      replace: 'if (votersOffset < -2) {',
    },
  },
  {
    name: 'voters-changed-before-the-own-epoch-commits',
    file: 'broker/consensus/voter-change.ts',
    find: 'if (highWatermark <= role.epochStartOffset) {',
    replace: 'if (highWatermark < 0) {',
  },
  {
    name: 'voters-count-when-committed',
    file: 'broker/consensus/state.ts',
    find: '    if (voters === this.votersAt) return false\n',
    replace: '    if (voters === this.votersAt || (voters?.offset ?? -1) >= this.highWatermark) return false\n',
  },
  {
    name: 'removed-leader-counts-itself',
    file: 'broker/consensus/leader.ts',
    find: '  if (state.isVoter) ends.push(state.log.durableEndOffset)\n',
    replace: '  ends.push(state.log.durableEndOffset)\n',
  },
  {
    name: 'removed-leader-stays',
    file: 'broker/consensus/leader.ts',
    find: 'if (!state.isVoter && state.highWatermark > (state.log.voters?.offset ?? -1))',
    replace: 'if (!state.isVoter && state.highWatermark < 0)',
  },
  {
    name: 'voters-of-the-cut-end-kept',
    file: 'broker/consensus/voter-history.ts',
    find: 'this.entries = this.entries.filter(({ offset }) => offset < endOffset)',
    replace: 'this.entries = this.entries.filter(({ offset }) => offset >= 0)',
  },
  {
    name: 'voters-of-the-snapshot-ignored',
    file: 'broker/consensus/voter-history.ts',
    find: 'this.entries = voters === null ? [] :',
    replace: 'this.entries = endOffset >= 0 ? [] :',
  },
  {
    name: 'no-snapshot-for-the-slow',
    file: 'broker/consensus/leader.ts',
    find: 'return isBefore || isOther ? log.snapshot : null',
    replace: 'return isBefore && isOther ? log.snapshot : null',
  },
  {
    name: 'piece-of-a-snapshot-twice',
    file: 'broker/consensus/snapshot-fetch.ts',
    find: 'const isNext = position === download.position && ',
    replace: 'const isNext = ',
    also: {
      file: 'broker/consensus/snapshot-fetch.ts',
      find: ' || role.inFlight?.requestId !== response.requestId) return',
      replace: ') return',
    },
  },
]
