/** The active controller as every broker of the cluster may ask it: here, or in an Envelope to where it is (KIP-590). */
import { type ErrorCode, Errors } from '../../../proto/kafka/errors.ts'
import type {
  ConfigChange,
  ControllerApi,
  FeatureUpdate,
  ItemResult,
  NewPartitions,
  NewTopic,
  NewTopicResult,
  PartitionRef,
  ProducerIdBlock,
  Reassignment,
  TopicRef,
} from '../../controller/api.ts'
import type { QuorumDescription } from '../../consensus/quorum-description.ts'
import type { VoterChange } from '../../consensus/voters.ts'
import { refused } from '../../controller/refused.ts'
import type { ActiveControllerLink } from '../controller-link.ts'
import {
  alterConfigsCall,
  createPartitionsCall,
  createTopicsCall,
  deleteTopicsCall,
  electLeadersCall,
  incrementalAlterConfigsCall,
  reassignPartitionsCall,
  unregisterBrokerCall,
  updateFeaturesCall,
} from './calls.ts'
import type { Forwarder } from './forwarder.ts'
import { addVoterCall, describeQuorumCall, type QuorumNames, removeVoterCall, updateVoterCall } from './quorum-calls.ts'

export interface ForwardingControllerOptions {
  readonly nodeId: number
  readonly quorum: QuorumNames
  readonly forwarder: Forwarder
  /** The controller of this node; it answers while it is the active one. */
  readonly local: ControllerApi
  readonly link: ActiveControllerLink
  /** Of this uptime of this broker. */
  readonly brokerEpoch: () => number
}

export class ForwardingController implements ControllerApi {
  private readonly options: ForwardingControllerOptions

  constructor(options: ForwardingControllerOptions) {
    this.options = options
  }

  createTopics(
    topics: readonly NewTopic[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly NewTopicResult[]) => void,
  ): void {
    const { forwarder, local } = this.options
    forwarder.send(
      createTopicsCall(topics, options.validateOnly),
      (answer) => local.createTopics(topics, options, answer),
      done,
      (why) => done(refused.createTopics(topics, why)),
    )
  }

  deleteTopics(topics: readonly TopicRef[], done: (results: readonly (ItemResult & TopicRef)[]) => void): void {
    const { forwarder, local } = this.options
    forwarder.send(
      deleteTopicsCall(topics),
      (answer) => local.deleteTopics(topics, answer),
      done,
      (why) => done(refused.deleteTopics(topics, why)),
    )
  }

  createPartitions(
    changes: readonly NewPartitions[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly (ItemResult & { readonly name: string })[]) => void,
  ): void {
    const { forwarder, local } = this.options
    forwarder.send(
      createPartitionsCall(changes, options.validateOnly),
      (answer) => local.createPartitions(changes, options, answer),
      done,
      (why) => done(refused.createPartitions(changes, why)),
    )
  }

  /** All changes of one call replace, or none does. */
  alterConfigs(
    changes: readonly ConfigChange[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly ItemResult[]) => void,
  ): void {
    const { forwarder, local } = this.options
    const locally = (answer: (results: readonly ItemResult[]) => void) => local.alterConfigs(changes, options, answer)
    const refuse = (why: ItemResult) => done(refused.alterConfigs(changes, why))
    const { validateOnly } = options
    if (changes.some(({ replaceAll }) => replaceAll)) {
      forwarder.send(alterConfigsCall(changes, validateOnly), locally, done, refuse)
    } else forwarder.send(incrementalAlterConfigsCall(changes, validateOnly), locally, done, refuse)
  }

  electLeaders(
    options: { readonly unclean: boolean; readonly partitions: readonly PartitionRef[] | null },
    done: (results: readonly (ItemResult & PartitionRef)[]) => void,
  ): void {
    const { forwarder, local } = this.options
    forwarder.send(
      electLeadersCall(options.partitions, options.unclean),
      (answer) => local.electLeaders(options, answer),
      done,
      (why) => done(refused.partitions(options.partitions, why)),
    )
  }

  reassignPartitions(
    items: readonly Reassignment[],
    options: { readonly allowReplicationFactorChange: boolean },
    done: (results: readonly (ItemResult & PartitionRef)[]) => void,
  ): void {
    const { forwarder, local } = this.options
    forwarder.send(
      reassignPartitionsCall(items, options.allowReplicationFactorChange),
      (answer) => local.reassignPartitions(items, options, answer),
      done,
      (why) => done(refused.partitions(items, why)),
    )
  }

  describeQuorum(done: (result: ItemResult & { readonly quorum: QuorumDescription | null }) => void): void {
    const { forwarder, local } = this.options
    const refuse = (why: ItemResult) => done({ ...why, quorum: null })
    forwarder.send(describeQuorumCall(), (answer) => local.describeQuorum(answer), done, refuse)
  }

  changeVoters(change: VoterChange, options: { readonly waits: boolean }, done: (result: ItemResult) => void): void {
    const { forwarder, local, quorum } = this.options
    const locally = (answer: (result: ItemResult) => void) => local.changeVoters(change, options, answer)
    if (change.kind === 'remove') forwarder.send(removeVoterCall(quorum, change), locally, done, done)
    else if (change.kind === 'add')
      forwarder.send(addVoterCall(quorum, change.voter, options.waits), locally, done, done)
    else forwarder.send(updateVoterCall(quorum, change.voter), locally, done, done)
  }

  updateFeatures(
    updates: readonly FeatureUpdate[],
    options: { readonly validateOnly: boolean },
    done: (result: ItemResult) => void,
  ): void {
    const { forwarder, local } = this.options
    forwarder.send(
      updateFeaturesCall(updates, options.validateOnly),
      (answer) => local.updateFeatures(updates, options, answer),
      done,
      done,
    )
  }

  unregisterBroker(brokerId: number, done: (result: ItemResult) => void): void {
    const { forwarder, local } = this.options
    forwarder.send(unregisterBrokerCall(brokerId), (answer) => local.unregisterBroker(brokerId, answer), done, done)
  }

  /** A question of this broker, not of a client: asked once, as whoever wants ids asks again. */
  allocateProducerIds(done: (result: ProducerIdBlock) => void): void {
    const { nodeId, link, brokerEpoch } = this.options
    link.allocateProducerIds({ brokerId: nodeId, brokerEpoch: brokerEpoch() }, (error, response) => {
      if (error !== null || response === null) done({ error: Errors.NOT_CONTROLLER, first: -1, count: 0 })
      else {
        const { errorCode, producerIdStart, producerIdLen } = response
        done({ error: errorCode as ErrorCode, first: producerIdStart, count: producerIdLen })
      }
    })
  }
}
