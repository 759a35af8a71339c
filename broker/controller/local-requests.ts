/** What clients ask for, as commands of the active controller in this process. Refused when it is not this node. */
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
} from './api.ts'
import { alterConfigs } from './alter-configs.ts'
import { unregisterBroker } from './broker-life.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type { QuorumDescription } from '../consensus/quorum-description.ts'
import type { QuorumMember } from '../consensus/quorum-member.ts'
import type { VoterChange } from '../consensus/voters.ts'
import type { Command, CommandQueue } from './command-queue.ts'
import { failure, success } from './core.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics } from './create-topics.ts'
import { deleteTopics } from './delete-topics.ts'
import { electLeaders } from './elect-leaders.ts'
import { allocateProducerIds } from './producer-ids.ts'
import { reassignPartitions } from './reassign-partitions.ts'
import { refused } from './refused.ts'
import { updateFeatures } from './update-features.ts'

export class LocalRequests implements ControllerApi {
  private readonly commands: CommandQueue
  private readonly nodeId: number
  private readonly member: () => Pick<QuorumMember, 'describe' | 'changeVoters'>

  constructor(commands: CommandQueue, nodeId: number, member: () => Pick<QuorumMember, 'describe' | 'changeVoters'>) {
    this.commands = commands
    this.nodeId = nodeId
    this.member = member
  }

  createTopics(
    topics: readonly NewTopic[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly NewTopicResult[]) => void,
  ): void {
    this.submit(
      (context) => createTopics(context, topics, options.validateOnly),
      done,
      (why) => refused.createTopics(topics, why),
    )
  }

  deleteTopics(topics: readonly TopicRef[], done: (results: readonly (ItemResult & TopicRef)[]) => void): void {
    this.submit(
      (context) => deleteTopics(context, topics),
      done,
      (why) => refused.deleteTopics(topics, why),
    )
  }

  createPartitions(
    changes: readonly NewPartitions[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly (ItemResult & { readonly name: string })[]) => void,
  ): void {
    this.submit(
      (context) => createPartitions(context, changes, options.validateOnly),
      done,
      (why) => refused.createPartitions(changes, why),
    )
  }

  alterConfigs(
    changes: readonly ConfigChange[],
    options: { readonly validateOnly: boolean },
    done: (results: readonly ItemResult[]) => void,
  ): void {
    this.submit(
      (context) => alterConfigs(context, changes, options.validateOnly),
      done,
      (why) => refused.alterConfigs(changes, why),
    )
  }

  electLeaders(
    options: { readonly unclean: boolean; readonly partitions: readonly PartitionRef[] | null },
    done: (results: readonly (ItemResult & PartitionRef)[]) => void,
  ): void {
    this.submit(
      (context) => electLeaders(context, options.partitions, options.unclean),
      done,
      (why) => refused.partitions(options.partitions, why),
    )
  }

  reassignPartitions(
    items: readonly Reassignment[],
    options: { readonly allowReplicationFactorChange: boolean },
    done: (results: readonly (ItemResult & PartitionRef)[]) => void,
  ): void {
    this.submit(
      (context) => reassignPartitions(context, items, options.allowReplicationFactorChange),
      done,
      (why) => refused.partitions(items, why),
    )
  }

  updateFeatures(
    updates: readonly FeatureUpdate[],
    options: { readonly validateOnly: boolean },
    done: (result: ItemResult) => void,
  ): void {
    this.submit(
      (context) => updateFeatures(context, updates, options.validateOnly),
      done,
      (why) => why,
    )
  }

  unregisterBroker(brokerId: number, done: (result: ItemResult) => void): void {
    this.submit(
      (context) => unregisterBroker(context, brokerId),
      done,
      (why) => why,
    )
  }

  describeQuorum(done: (result: ItemResult & { readonly quorum: QuorumDescription | null }) => void): void {
    const quorum = this.member().describe()
    done({ ...(quorum === null ? failure(Errors.NOT_LEADER_OR_FOLLOWER) : success), quorum })
  }

  changeVoters(change: VoterChange, { waits }: { readonly waits: boolean }, done: (result: ItemResult) => void): void {
    this.member().changeVoters(change, waits, (error, message) => done({ error, message }))
  }

  allocateProducerIds(done: (result: ProducerIdBlock) => void): void {
    this.submit(
      (context) => allocateProducerIds(context, this.nodeId),
      done,
      ({ error }) => ({ error, first: -1, count: 0 }),
    )
  }

  private submit<Result>(
    command: Command<Result>,
    done: (result: Result) => void,
    refusal: (why: ItemResult) => Result,
  ): void {
    this.commands.run(command, done, (why) => done(refusal(why)))
  }
}
