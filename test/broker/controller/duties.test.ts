/** What the active controller does unasked, on a virtual clock: the rig's own broker is 1, the others are played here. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
} from '../../../proto/kafka/generated/63-broker-heartbeat.ts'
import { Rig } from './harness.ts'

/** `broker.session.timeout.ms` of the rig. */
const SESSION_MS = 3000
/** What is enough silence after a hint. */
const SUSPECT_MS = 1000

let rig: Rig
beforeEach(() => {
  rig = new Rig()
  rig.start({ properties: { 'min.insync.replicas': 1, 'leader.imbalance.check.interval.seconds': 10 } })
})

/** What one message is answered, in a later turn. */
function answer<Response>(ask: (reply: (response: Response) => void) => void): Response {
  const answers: Response[] = []
  ask((response) => void answers.push(response))
  rig.clock.settle()
  if (answers[0] === undefined) throw new Error('not answered')
  return answers[0]
}

function register(brokerId: number, incarnationId = `first-of-${brokerId}`, clean = true) {
  return answer<{ errorCode: number; brokerEpoch: number }>((reply) =>
    rig.requests.register(
      {
        brokerId,
        clusterId: rig.view.clusterId,
        incarnationId,
        listeners: [{ name: 'PEER', host: 'peer', port: 9000 + brokerId, securityProtocol: 0 }],
        features: [{ name: 'metadata.version', minSupportedVersion: 1, maxSupportedVersion: 2 }],
        rack: null,
        isMigratingZkBroker: false,
        logDirs: [`disk-${brokerId}`],
        previousBrokerEpoch: -1,
        clean,
      },
      reply,
    ),
  )
}

function beat(brokerId: number, told: Partial<BrokerHeartbeatRequest> = {}) {
  return answer<BrokerHeartbeatResponse>((reply) =>
    rig.requests.heartbeat(
      {
        brokerId,
        brokerEpoch: rig.view.broker(brokerId)?.epoch ?? -1,
        currentMetadataOffset: rig.controller.appliedOffset,
        wantFence: false,
        wantShutDown: false,
        offlineLogDirs: [],
        cordonedLogDirs: null,
        suspectReplicas: [],
        replicaEnds: [],
        lostReplicas: [],
        fullReplicas: [],
        ...told,
      },
      reply,
    ),
  )
}

function join(brokerId: number): number {
  const { brokerEpoch } = register(brokerId)
  beat(brokerId)
  return brokerEpoch
}

const isFenced = (brokerId: number) => rig.view.broker(brokerId)?.fenced

describe('a broker that is silent', () => {
  it('is fenced when its session is over, and not while it reports', () => {
    join(2)
    expect(isFenced(2)).toBe(false)
    for (let n = 0; n < 8; n += 1) {
      rig.clock.advance(500)
      beat(2)
    }
    expect(isFenced(2)).toBe(false)
    rig.clock.advance(SESSION_MS + 200)
    expect(isFenced(2)).toBe(true)
  })

  it('comes back with its next heartbeat', () => {
    join(2)
    rig.clock.advance(SESSION_MS + 200)
    expect(beat(2)).toMatchObject({ errorCode: 0, isFenced: false })
    expect(isFenced(2)).toBe(false)
  })

  it('is never the own one', () => {
    rig.clock.advance(10 * SESSION_MS)
    expect(isFenced(1)).toBe(false)
  })

  it('gets another session when it was this process that stood still', () => {
    join(2)
    rig.clock.time += 10 * SESSION_MS
    rig.clock.advance(1)
    expect(isFenced(2)).toBe(false)
    rig.clock.advance(SESSION_MS + 200)
    expect(isFenced(2)).toBe(true)
  })

  it('gets it also when the first thing heard after that is a hint about another', () => {
    join(2)
    join(3)
    rig.clock.time += 10 * SESSION_MS
    beat(3)
    rig.duties.shaky(3)
    rig.clock.advance(200)
    expect(isFenced(2)).toBe(false)
  })
})

describe('a hint of death', () => {
  it('fences at once when nobody listens there any more', () => {
    const epoch = join(2)
    expect(rig.watched.get(2)).toBe(epoch)
    rig.duties.gone(2, epoch)
    rig.clock.settle()
    expect(isFenced(2)).toBe(true)
    expect(rig.watched.has(2)).toBe(false)
  })

  it('of an earlier uptime changes nothing', () => {
    const epoch = join(2)
    rig.duties.gone(2, epoch - 1)
    rig.clock.settle()
    expect(isFenced(2)).toBe(false)
  })

  it('makes the controller less patient when the broker can still be reached', () => {
    join(2)
    join(3)
    rig.duties.shaky(2)
    rig.duties.shaky(3)
    rig.clock.advance(SUSPECT_MS / 2)
    beat(3)
    rig.clock.advance(SUSPECT_MS / 2 + 200)
    expect([isFenced(2), isFenced(3)]).toEqual([true, false])
  })

  it('is another uptime that wants the same id: it waits until the first is found dead', () => {
    join(2)
    expect(register(2, 'second').errorCode).toBe(Errors.DUPLICATE_BROKER_REGISTRATION)
    rig.clock.advance(SUSPECT_MS + 200)
    expect(isFenced(2)).toBe(true)
    expect(register(2, 'second').errorCode).toBe(0)
  })

  it('is wrong when the first uptime goes on', () => {
    join(2)
    for (let n = 0; n < 5; n += 1) {
      expect(register(2, 'second').errorCode).toBe(Errors.DUPLICATE_BROKER_REGISTRATION)
      rig.clock.advance(500)
      beat(2)
    }
    expect(isFenced(2)).toBe(false)
    expect(rig.errors.filter((line) => line.includes('a broker was refused'))).toHaveLength(1)
  })
})

describe('a controller that has just become active', () => {
  /** Whether the own broker is unfenced again. */
  function restart(): () => boolean {
    rig.kill()
    let isBack = false
    rig.begin({}, () => (isBack = true))
    rig.clock.settle()
    return () => isBack
  }

  it('lets no broker register that may be one of many fallen ones, until the others had time to be heard', () => {
    join(2)
    join(3)
    const isBack = restart()
    expect(register(2, 'again').errorCode).toBe(Errors.NOT_CONTROLLER)
    rig.clock.advance(SUSPECT_MS / 2)
    beat(2)
    rig.clock.advance(SUSPECT_MS)
    beat(2)
    expect(isBack()).toBe(false)
    rig.clock.advance(SUSPECT_MS * 1.4)
    // Who was heard stays; who was not is taken for fallen with this one.
    expect([isBack(), isFenced(2), isFenced(3)]).toEqual([true, false, true])
  })

  it('need not wait when all the others are fenced, or have been heard', () => {
    join(2)
    const isBack = restart()
    beat(2)
    rig.clock.advance(SUSPECT_MS / 2)
    expect([isBack(), isFenced(2)]).toEqual([true, false])
    rig.clock.advance(SESSION_MS + 200)
    expect(isFenced(2)).toBe(true)
    const isBackAgain = restart()
    rig.clock.advance(50)
    expect(isBackAgain()).toBe(true)
  })

  it('watches nobody any more once it is not', () => {
    join(2)
    rig.controller.close()
    expect([...rig.watched]).toEqual([])
  })
})

describe('a partition that nobody complete can lead', () => {
  it('gets another leader once its topic allows an unclean one', () => {
    const epoch = join(2)
    const topic = {
      name: 't',
      partitions: -1,
      replicationFactor: -1,
      assignments: [{ partition: 0, brokers: [2, 1] }],
      configs: [],
    }
    rig.ask((controller, done) => controller.createTopics([topic], { validateOnly: false }, done))
    const partition = () => rig.view.topic('t')?.partitions[0]
    const wish = {
      partitionIndex: 0,
      leaderEpoch: 0,
      newIsr: [],
      newIsrWithEpochs: [{ brokerId: 2, brokerEpoch: -1 }],
      leaderRecoveryState: 0,
      partitionEpoch: 0,
    }
    const topics = [{ topicId: rig.view.topic('t')?.id ?? '', partitions: [wish] }]
    answer<object>((reply) => rig.requests.alterPartition({ brokerId: 2, brokerEpoch: epoch, topics }, reply))
    rig.duties.gone(2, epoch)
    rig.clock.advance(20_000)
    expect(partition()).toMatchObject({ leader: -1, isr: [], elr: [2] })
    const operations = [{ name: 'unclean.leader.election.enable', op: 'set' as const, value: 'true' }]
    const change = { resourceType: 2, resourceName: 't', operations, replaceAll: false }
    rig.ask((controller, done) => controller.alterConfigs([change], { validateOnly: false }, done))
    rig.clock.advance(6_000)
    expect(partition()).toMatchObject({ leader: 1, isr: [1], elr: [] })
  })

  it('is led by the one with the most, also when the last to tell may only lead a while later', () => {
    join(2)
    join(3)
    const topic = {
      name: 't',
      partitions: -1,
      replicationFactor: -1,
      assignments: [{ partition: 0, brokers: [2, 3] }],
      configs: [{ name: 'min.insync.replicas', value: '2' }],
    }
    rig.ask((controller, done) => controller.createTopics([topic], { validateOnly: false }, done))
    const partition = () => rig.view.topic('t')?.partitions[0]
    rig.clock.advance(SESSION_MS + 200)
    for (const id of [2, 3]) register(id, `again-${id}`, false)
    expect(partition()).toMatchObject({ leader: -1, isr: [], elr: [] })
    const tell = (brokerId: number, endOffset: number, wantFence: boolean) => {
      const asked = beat(brokerId, { wantFence }).wantedEnds
      const replicaEnds = asked.map(({ topicId }) => {
        return { topicId, partitions: [{ partition: 0, lastEpoch: 0, endOffset }] }
      })
      expect(replicaEnds).toHaveLength(1)
      beat(brokerId, { wantFence, replicaEnds })
    }
    tell(2, 80, false)
    // Its logs are not all open yet.
    tell(3, 90, true)
    expect(partition()).toMatchObject({ leader: -1 })
    beat(3)
    rig.clock.settle()
    expect(partition()).toMatchObject({ leader: 3, isr: [3] })
  })
})

describe('leaders', () => {
  it('go back to their preferred replicas at the next check', () => {
    const epoch = join(2)
    const topic = {
      name: 't',
      partitions: -1,
      replicationFactor: -1,
      assignments: [{ partition: 0, brokers: [2, 1] }],
      configs: [],
    }
    rig.ask((controller, done) => controller.createTopics([topic], { validateOnly: false }, done))
    const partition = () => rig.view.topic('t')?.partitions[0]
    rig.duties.gone(2, epoch)
    rig.clock.settle()
    expect(partition()).toMatchObject({ leader: 1, isr: [1] })
    beat(2)
    const wish = {
      partitionIndex: 0,
      leaderEpoch: partition()?.leaderEpoch ?? -1,
      newIsr: [],
      newIsrWithEpochs: [1, 2].map((brokerId) => ({ brokerId, brokerEpoch: -1 })),
      leaderRecoveryState: 0,
      partitionEpoch: partition()?.partitionEpoch ?? -1,
    }
    const topics = [{ topicId: rig.view.topic('t')?.id ?? '', partitions: [wish] }]
    answer<object>((reply) => rig.requests.alterPartition({ brokerId: 1, brokerEpoch: rig.brokerEpoch, topics }, reply))
    expect(partition()).toMatchObject({ leader: 1, isr: [1, 2] })
    for (let n = 0; n < 22; n += 1) {
      rig.clock.advance(500)
      beat(2)
    }
    expect(partition()).toMatchObject({ leader: 2, isr: [1, 2] })
  })
})
