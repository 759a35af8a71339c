/** The messages and effects of the Raft core as lines of a trace. */
import type { RaftEffect } from '../../../broker/consensus/events.ts'
import type { RaftMessage, SnapshotId } from '../../../broker/consensus/messages.ts'
import { errorName } from '../../../proto/kafka/errors.ts'
import type { Entry } from '../../broker/consensus/model-log.ts'

function nodeOf(id: number): string {
  return id < 0 ? '-' : String(id)
}

function idOf({ endOffset, epoch }: SnapshotId): string {
  return `${endOffset}@${epoch}`
}

export function entryOf({ epoch, value }: Entry): string {
  return `${epoch}:${value.replaceAll(' ', '-')}`
}

function recordsOf(records: readonly Buffer[]): string {
  return records.map((bytes) => entryOf(JSON.parse(bytes.toString()) as Entry)).join(' ')
}

/** Without its sender and receiver. */
export function messageText(message: RaftMessage): string {
  const { epoch } = message
  switch (message.type) {
    case 'vote-request':
      return `${message.preVote ? 'PreVote' : 'Vote'}? epoch=${epoch} log=${message.endOffset}@${message.lastEpoch}`
    case 'vote-response': {
      const answer = message.granted ? 'granted' : 'refused'
      return `${message.preVote ? 'PreVote' : 'Vote'} ${answer} epoch=${epoch} leader=${nodeOf(message.leader)}`
    }
    case 'begin-epoch-request':
      return `BeginEpoch? epoch=${epoch}`
    case 'begin-epoch-response':
      return `BeginEpoch epoch=${epoch}`
    case 'end-epoch-request':
      return `EndEpoch? epoch=${epoch} successors=${message.successors.join(',')}`
    case 'end-epoch-response':
      return `EndEpoch epoch=${epoch}`
    case 'fetch-request':
      return `Fetch? epoch=${epoch} log=${message.fetchOffset}@${message.lastEpoch} hw=${message.highWatermark}`
    case 'fetch-response': {
      const { result, diverging, snapshot, records, highWatermark } = message
      if (result === 'not-leader') return `Fetch not-leader epoch=${epoch} leader=${nodeOf(message.leader)}`
      if (diverging !== null) return `Fetch diverging at ${diverging.endOffset}@${diverging.epoch}`
      if (snapshot !== null) return `Fetch snapshot ${idOf(snapshot)} first`
      return `Fetch epoch=${epoch} hw=${highWatermark}${records.length === 0 ? '' : ` ${recordsOf(records)}`}`
    }
    case 'fetch-snapshot-request':
      return `FetchSnapshot? epoch=${epoch} ${idOf(message.snapshot)} from=${message.position}`
    case 'fetch-snapshot-response': {
      const { result, position, bytes, sizeBytes } = message
      return `FetchSnapshot ${result === 'ok' ? `bytes ${position} to ${position + bytes.length} of ${sizeBytes}` : result}`
    }
  }
}

/** Null: nothing to tell, or told by the scenario itself. */
export function effectText(effect: RaftEffect): string | null {
  switch (effect.type) {
    case 'persist': {
      const { epoch, votedFor, leader } = effect.state
      return `persists epoch=${epoch} vote=${nodeOf(votedFor)} leader=${nodeOf(leader)}`
    }
    case 'truncate':
      return `cuts its log at ${effect.offset}`
    case 'append-leader-change':
      return `begins epoch ${effect.epoch}`
    case 'append-voters':
      return `appends voters ${effect.voters.map(({ id }) => id).join(' ')}`
    case 'voters-answered':
      return `answers ${errorName(effect.error)}${effect.message === null ? '' : `: ${effect.message}`}`
    case 'install-snapshot':
      return `installs snapshot ${idOf(effect.snapshot)}`
    case 'drop-snapshot':
      return 'drops the snapshot'
    case 'committed':
      return `commits up to ${effect.offset}`
    case 'leader-changed':
      return `sees epoch=${effect.epoch} leader=${nodeOf(effect.leader)}`
    default:
      return null
  }
}
