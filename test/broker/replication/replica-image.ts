/** What the controller of a simulated world says, and what a request between its nodes is sent as. */
import type { Api } from '../../../proto/kafka/api.ts'
import { Reader } from '../../../proto/kafka/reader.ts'
import { Writer } from '../../../proto/kafka/writer.ts'
import type { BrokerView, MetadataView, PartitionView, TopicView } from '../../../broker/controller/view.ts'

export const TOPIC = 'orders'
export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAEA'
export const CLUSTER_ID = 'cluster-of-this-test--'
export const FETCH_VERSION = 18

/** What the controller knows; every change makes a new one, which nodes apply in order. */
export interface Image {
  readonly partition: PartitionView
  readonly brokers: ReadonlyMap<number, { readonly epoch: number; readonly fenced: boolean }>
}

export function viewOf({ partition, brokers }: Image): MetadataView {
  const topic: TopicView = { id: TOPIC_ID, name: TOPIC, isInternal: false, partitions: [partition], configs: new Map() }
  const nowhere = { host: '', port: 0, rack: null, inControlledShutdown: false, peerHost: '', peerPort: 0 }
  const views = [...brokers].map(([id, { epoch, fenced }]): BrokerView => ({ ...nowhere, id, epoch, fenced }))
  return {
    clusterId: CLUSTER_ID,
    controllerId: 1,
    brokers: () => views,
    broker: (id) => views.find((view) => view.id === id),
    topic: (name) => (name === TOPIC ? topic : undefined),
    topicById: (id) => (id === TOPIC_ID ? topic : undefined),
    topics: () => [topic],
    topicCount: 1,
    brokerConfig: () => new Map(),
    features: () => new Map(),
  }
}

/** The request as the other side reads it. */
export function requestOver<Req, Res>(api: Api<Req, Res>, request: Req): Req {
  const writer = new Writer()
  api.writeRequest(writer, request, FETCH_VERSION)
  return api.readRequest(new Reader(Buffer.concat(writer.finish())), FETCH_VERSION)
}

export function responseOver<Req, Res>(api: Api<Req, Res>, response: Res): Res {
  const writer = new Writer()
  api.writeResponse(writer, response, FETCH_VERSION)
  return api.readResponse(new Reader(Buffer.concat(writer.finish())), FETCH_VERSION)
}
