/** The fall of a whole cluster whose disks may each have lost something: wait for everybody, then elect who has the most. */
import { beforeEach, describe, expect, it } from 'vitest'
import { fenceBroker, registerBroker, unfenceBroker } from '../../../broker/controller/broker-life.ts'
import { electChosen, LastReplicas, type ReplicaEnd } from '../../../broker/controller/last-replicas.ts'
import { Cluster } from './image-cluster.ts'

let cluster: Cluster
let last: LastReplicas
let offset = 0
beforeEach(() => {
  cluster = new Cluster({ 'min.insync.replicas': 2 }).up(1, 2, 3)
  cluster.create({ name: 't', assignments: [{ partition: 0, brokers: [1, 2, 3] }] })
  last = new LastReplicas()
})

const partition = () => cluster.partition('t')
const topicId = () => cluster.image.topic('t')?.id ?? ''

/** All brokers come back at once after a cut of power, each with a disk that may lack what was acknowledged. */
function comeBack(clean = false): void {
  const silent = [1, 2, 3].map((brokerId) => ({ brokerId, brokerEpoch: cluster.epochOf(brokerId) }))
  for (const brokerId of [1, 2, 3]) {
    const registration = {
      brokerId,
      incarnationId: `again-${brokerId}`,
      directoryId: 'd',
      host: 'h',
      port: 1,
      rack: null,
      clean,
      peerHost: '',
      peerPort: 0,
      features: [],
    }
    cluster.run(registerBroker(cluster.context, registration, silent))
  }
}

const unfence = (id: number) => cluster.run(unfenceBroker(cluster.context, id, cluster.epochOf(id)))

/** What the broker is asked, as it says it with its next heartbeat. */
function tell(brokerId: number, end: ReplicaEnd, brokerEpoch = cluster.epochOf(brokerId)): void {
  offset += 1
  const wanted = last.wanted(cluster.image, offset, brokerId)
  const ends = wanted.map((topic) => ({
    topicId: topic.topicId,
    partitions: topic.partitions.map((index) => ({ partition: index, ...end })),
  }))
  last.report(brokerId, brokerEpoch, ends)
}

const elect = () => cluster.run(electChosen(cluster.context, last.chosen(cluster.image)))
const end = (lastEpoch: number, endOffset: number) => ({ lastEpoch, endOffset })

describe('after the fall of all brokers', () => {
  it('every one of them was last in sync, in whatever order they come back', () => {
    comeBack()
    expect(partition()).toMatchObject({ leader: -1, isr: [], elr: [] })
    expect(partition()?.lastKnownElr.toSorted()).toEqual([1, 2, 3])
  })

  it('every one of them may lead at once when their disks keep what was acknowledged', () => {
    comeBack(true)
    expect(partition()).toMatchObject({ leader: -1, isr: [], lastKnownElr: [] })
    expect(partition()?.elr.toSorted()).toEqual([1, 2, 3])
    unfence(3)
    expect(partition()).toMatchObject({ leader: 3, isr: [3] })
  })

  it('the one with the most leads, once all have told what they have', () => {
    comeBack()
    for (const id of [1, 2, 3]) unfence(id)
    tell(1, end(4, 90))
    tell(2, end(4, 100))
    expect(elect()).toBe(0)
    tell(3, end(4, 95))
    expect(elect()).toBe(1)
    expect(partition()).toMatchObject({ leader: 2, isr: [2], elr: [], lastKnownElr: [] })
  })

  it('a later epoch is more than any length, and the first replica leads where all have the same', () => {
    comeBack()
    for (const id of [1, 2, 3]) unfence(id)
    tell(1, end(4, 900))
    tell(2, end(5, 10))
    tell(3, end(5, 10))
    elect()
    expect(partition()?.leader).toBe(2)
  })

  it('nobody leads while one of them is missing, or has not told', () => {
    comeBack()
    unfence(1)
    unfence(2)
    tell(1, end(4, 90))
    tell(2, end(4, 90))
    tell(3, end(4, 90))
    expect(elect()).toBe(0)
    unfence(3)
    offset += 1
    last.wanted(cluster.image, offset, 3)
    expect(elect()).toBe(1)
  })

  it('what an earlier uptime told counts for nothing', () => {
    comeBack()
    for (const id of [1, 2, 3]) unfence(id)
    tell(1, end(4, 90), cluster.epochOf(1) - 1)
    tell(2, end(4, 80))
    tell(3, end(4, 80))
    expect(elect()).toBe(0)
    expect(last.wanted(cluster.image, offset, 1)).toEqual([{ topicId: topicId(), partitions: [0] }])
  })

  it('nobody is asked twice, nor about what has a leader', () => {
    comeBack()
    for (const id of [1, 2, 3]) unfence(id)
    tell(1, end(4, 90))
    expect(last.wanted(cluster.image, offset, 1)).toEqual([])
    const whole = new Cluster().up(1)
    whole.create({ name: 't', partitions: 1 })
    expect(new LastReplicas().wanted(whole.image, 1, 1)).toEqual([])
  })

  it('an election that has been overtaken is left alone', () => {
    comeBack()
    for (const id of [1, 2, 3]) unfence(id)
    for (const id of [1, 2, 3]) tell(id, end(4, 90))
    const chosen = last.chosen(cluster.image)
    cluster.run(electChosen(cluster.context, chosen))
    const epoch = partition()?.leaderEpoch
    expect(cluster.run(electChosen(cluster.context, chosen))).toBe(0)
    expect(partition()?.leaderEpoch).toBe(epoch)
    cluster.run(fenceBroker(cluster.context, 1, cluster.epochOf(1)))
    expect(partition()).toMatchObject({ leader: -1, elr: [1] })
  })
})
