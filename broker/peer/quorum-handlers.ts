/** The conversations of the metadata quorum as request handlers of the listener for brokers (keys 1, 52, 53, 54, 59). */
import { BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchSnapshot, Vote } from '../../proto/kafka/generated/apis.ts'
import type * as fetch from '../../proto/kafka/generated/01-fetch.ts'
import type * as vote from '../../proto/kafka/generated/52-vote.ts'
import type * as begin from '../../proto/kafka/generated/53-begin-quorum-epoch.ts'
import type * as end from '../../proto/kafka/generated/54-end-quorum-epoch.ts'
import type * as snapshot from '../../proto/kafka/generated/59-fetch-snapshot.ts'
import type { Handler } from '../handlers/handler.ts'
import type { QuorumTransport } from './quorum-transport.ts'
import { fetchWire } from './quorum-wire.ts'

export type FetchHandler = Handler<fetch.FetchRequest, fetch.FetchResponse>

/** `replicaFetch` answers fetches of anything but the metadata log. */
export function quorumHandlers(transport: QuorumTransport, replicaFetch: FetchHandler): Handler<unknown, unknown>[] {
  const voting: Handler<vote.VoteRequest, vote.VoteResponse> = {
    api: Vote,
    handle: (request, context) => transport.vote(request, (response) => context.reply(response)),
  }
  const beginning: Handler<begin.BeginQuorumEpochRequest, begin.BeginQuorumEpochResponse> = {
    api: BeginQuorumEpoch,
    handle: (request, context) => transport.beginEpoch(request, (response) => context.reply(response)),
  }
  const ending: Handler<end.EndQuorumEpochRequest, end.EndQuorumEpochResponse> = {
    api: EndQuorumEpoch,
    handle: (request, context) => transport.endEpoch(request, (response) => context.reply(response)),
  }
  const fetching: FetchHandler = {
    ...replicaFetch,
    api: Fetch,
    handle(request, context, services) {
      if (fetchWire.isQuorum(request)) transport.fetch(request, (response) => context.reply(response))
      else replicaFetch.handle(request, context, services)
    },
  }
  const fetchingSnapshots: Handler<snapshot.FetchSnapshotRequest, snapshot.FetchSnapshotResponse> = {
    api: FetchSnapshot,
    handle: (request, context) => transport.fetchSnapshot(request, (response) => context.reply(response)),
  }
  return [voting, beginning, ending, fetching, fetchingSnapshots] as Handler<unknown, unknown>[]
}
