import { beforeEach, describe, expect, it } from 'vitest'
import { alterConfigs } from '../../../broker/controller/alter-configs.ts'
import { fenceBroker, unfenceBroker } from '../../../broker/controller/broker-life.ts'
import { ResourceType } from '../../../broker/controller/image.ts'
import { Cluster } from './image-cluster.ts'

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster({ 'min.insync.replicas': 3 }).up(1, 2, 3)
  cluster.create({ name: 't', assignments: [{ partition: 0, brokers: [1, 2, 3] }] })
})

const partition = () => cluster.partition('t')
const fence = (id: number) => cluster.run(fenceBroker(cluster.context, id, cluster.epochOf(id)))

function setMinimum(value: string | null, resourceType: number, resourceName: string): void {
  const op = value === null ? ('delete' as const) : ('set' as const)
  const operations = [{ name: 'min.insync.replicas', op, value }]
  const change = { resourceType, resourceName, operations, replaceAll: false }
  expect(cluster.run(alterConfigs(cluster.context, [change], false))).toEqual([{ error: 0, message: null }])
}

describe('another min.insync.replicas', () => {
  it('ends the eligibility of who left, when the in-sync set goes on without him from now on (KIP-966)', () => {
    fence(3)
    expect(partition()).toMatchObject({ isr: [1, 2], elr: [3] })
    setMinimum('2', ResourceType.TOPIC, 't')
    expect(partition()).toMatchObject({ leader: 1, leaderEpoch: 0, isr: [1, 2], elr: [], lastKnownElr: [] })
    fence(1)
    fence(2)
    cluster.run(unfenceBroker(cluster.context, 3, cluster.epochOf(3)))
    expect(partition()).toMatchObject({ leader: -1, isr: [], elr: [1, 2] })
  })

  it('does the same when it is set for all topics, and to no topic with a minimum of its own', () => {
    cluster.create({
      name: 'own',
      assignments: [{ partition: 0, brokers: [1, 2, 3] }],
      configs: [{ name: 'min.insync.replicas', value: '3' }],
    })
    fence(3)
    setMinimum('1', ResourceType.BROKER, '')
    expect(partition()).toMatchObject({ isr: [1, 2], elr: [] })
    expect(cluster.partition('own')).toMatchObject({ isr: [1, 2], elr: [3] })
    setMinimum(null, ResourceType.TOPIC, 'own')
    expect(cluster.partition('own')).toMatchObject({ isr: [1, 2], elr: [] })
  })

  it('leaves who left eligible while the in-sync set is still under it', () => {
    fence(2)
    fence(3)
    setMinimum('2', ResourceType.TOPIC, 't')
    expect(partition()).toMatchObject({ isr: [1], elr: [2, 3] })
  })
})
