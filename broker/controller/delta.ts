/** Gathers what a batch of records changed. */
import type { MetadataDelta, MetadataView, TopicView } from './view.ts'

export class DeltaBuilder {
  private readonly createdIds = new Set<string>()
  private readonly changedIds = new Set<string>()
  private readonly deletedTopics: TopicView[] = []
  private brokersTouched = false
  private brokerConfigsTouched = false

  created(id: string): void {
    this.createdIds.add(id)
  }

  changed(id: string): void {
    if (!this.createdIds.has(id)) this.changedIds.add(id)
  }

  /** A topic that came and went in the same batch is not mentioned at all. */
  deleted(topic: TopicView): void {
    this.changedIds.delete(topic.id)
    if (!this.createdIds.delete(topic.id)) this.deletedTopics.push(topic)
  }

  brokers(): void {
    this.brokersTouched = true
  }

  brokerConfigs(): void {
    this.brokerConfigsTouched = true
  }

  /** `topicById` gives the topics as they are after the batch. */
  build(topicById: (id: string) => TopicView | undefined): MetadataDelta {
    const views = (ids: Iterable<string>) => [...ids].map(topicById).filter((topic) => topic !== undefined)
    return {
      createdTopics: views(this.createdIds),
      deletedTopics: this.deletedTopics,
      changedTopics: views(this.changedIds),
      brokersChanged: this.brokersTouched,
      brokerConfigsChanged: this.brokerConfigsTouched,
    }
  }
}

/** Everything an image holds, as one delta: what a listener hears first. */
export function wholeDelta(topics: Iterable<TopicView>): MetadataDelta {
  return {
    createdTopics: [...topics],
    deletedTopics: [],
    changedTopics: [],
    brokersChanged: true,
    brokerConfigsChanged: true,
  }
}

/** What a listener that knows `before` has to hear to know `after`. */
export function imageDifference(before: MetadataView, after: MetadataView): MetadataDelta {
  const createdTopics: TopicView[] = []
  const changedTopics: TopicView[] = []
  for (const topic of after.topics()) {
    const known = before.topicById(topic.id)
    if (known === undefined) createdTopics.push(topic)
    else if (contentOf(known) !== contentOf(topic)) changedTopics.push(topic)
  }
  const deletedTopics = [...before.topics()].filter(({ id }) => after.topicById(id) === undefined)
  return { createdTopics, deletedTopics, changedTopics, brokersChanged: true, brokerConfigsChanged: true }
}

function contentOf({ partitions, configs }: TopicView): string {
  return JSON.stringify([partitions, [...configs].sort(([a], [b]) => (a < b ? -1 : 1))])
}
