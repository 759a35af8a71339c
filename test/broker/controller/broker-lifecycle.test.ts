import { beforeEach, describe, expect, it } from 'vitest'
import { BrokerLifecycle } from '../../../broker/controller/broker-lifecycle.ts'
import { Errors } from '../../../proto/kafka/errors.ts'

let life: BrokerLifecycle
beforeEach(() => {
  life = new BrokerLifecycle({ heartbeatIntervalMs: 500, sessionTimeoutMs: 3000 })
})

const fenced = { isFenced: true, shouldShutDown: false }
const unfenced = { isFenced: false, shouldShutDown: false }
const mayStop = { isFenced: true, shouldShutDown: true }

/** Registered with this epoch, open, unfenced. */
function running(brokerEpoch = 7): void {
  life.registered(brokerEpoch, 0)
  life.ready(0)
  life.heartbeatAnswered(unfenced, 0)
}

describe('the life of a broker', () => {
  it('goes from registering over starting to running', () => {
    expect([life.state, life.wish, life.brokerEpoch]).toEqual(['registering', 'register', -1])
    life.registered(7, 10)
    expect([life.state, life.wish, life.brokerEpoch]).toEqual(['starting', null, 7])
    life.ready(20)
    expect([life.wish, life.wantsFence, life.dueMs]).toEqual(['heartbeat', false, 20])
    life.heartbeatAnswered(unfenced, 30)
    expect([life.state, life.dueMs]).toEqual(['running', 530])
  })

  it('asks again soon while it is still fenced', () => {
    life.registered(7, 0)
    life.ready(0)
    life.heartbeatAnswered(fenced, 0)
    expect(life.state).toBe('starting')
    expect(life.dueMs).toBeLessThanOrEqual(100)
  })

  it('reports before its time when something happened, and right after the report that is under way', () => {
    running()
    life.hurry(200)
    expect([life.wish, life.dueMs]).toEqual(['heartbeat', 200])
    life.heartbeatAnswered({ ...unfenced, isUrgent: true }, 210)
    expect(life.dueMs).toBe(210)
    life.heartbeatAnswered(unfenced, 220)
    expect(life.dueMs).toBe(720)
  })

  it('does not hurry before it runs', () => {
    life.registrationFailed(null, 0)
    life.hurry(5)
    expect(life.dueMs).toBe(20)
  })

  it('registers at once when there is an active controller at last, and tells another one at once', () => {
    life.registrationFailed(null, 0)
    life.controllerFound(5)
    expect([life.wish, life.dueMs]).toEqual(['register', 5])
    running()
    life.controllerFound(200)
    expect([life.wish, life.dueMs]).toEqual(['heartbeat', 200])
  })

  it('tries again after pauses that grow, and begins with the shortest after a success', () => {
    const pauses = [0, 0, 0, 0, 0, 0, 0].map(() => {
      life.registrationFailed(null, 0)
      return life.dueMs
    })
    expect(pauses).toEqual([20, 40, 80, 160, 320, 500, 500])
    life.registered(7, 0)
    life.heartbeatFailed(null, 0)
    expect(life.dueMs).toBe(20)
  })

  it('registers anew when the controller does not know its epoch', () => {
    running()
    life.heartbeatFailed(Errors.STALE_BROKER_EPOCH, 1000)
    expect([life.state, life.wish, life.brokerEpoch]).toEqual(['registering', 'register', -1])
    life.registered(9, 1100)
    // Its partitions are open already.
    expect([life.wish, life.wantsFence]).toEqual(['heartbeat', false])
    life.heartbeatAnswered(unfenced, 1200)
    expect(life.state).toBe('running')
  })

  it('waits for an earlier uptime under its id to be found dead, and gives up when that one lives', () => {
    life.registrationFailed(Errors.DUPLICATE_BROKER_REGISTRATION, 0)
    life.registrationFailed(Errors.DUPLICATE_BROKER_REGISTRATION, 6000)
    expect(life.refusedBy).toBeNull()
    life.registrationFailed(Errors.DUPLICATE_BROKER_REGISTRATION, 6001)
    expect([life.refusedBy, life.wish]).toEqual([Errors.DUPLICATE_BROKER_REGISTRATION, null])
  })

  it('gives another controller as long to find the earlier uptime dead', () => {
    life.registrationFailed(Errors.DUPLICATE_BROKER_REGISTRATION, 0)
    life.controllerChanged(5000)
    life.registrationFailed(Errors.DUPLICATE_BROKER_REGISTRATION, 6001)
    expect(life.refusedBy).toBeNull()
    life.registrationFailed(Errors.DUPLICATE_BROKER_REGISTRATION, 12_002)
    expect(life.refusedBy).toBe(Errors.DUPLICATE_BROKER_REGISTRATION)
  })

  it.each(['INCONSISTENT_CLUSTER_ID', 'INVALID_REGISTRATION', 'UNSUPPORTED_VERSION'] as const)(
    'ends with %s, which no retry heals, unless it has been part of the cluster',
    (name) => {
      life.registrationFailed(Errors[name], 0)
      expect(life.refusedBy).toBe(Errors[name])
      life = new BrokerLifecycle({ heartbeatIntervalMs: 500, sessionTimeoutMs: 3000 })
      running()
      life.heartbeatFailed(Errors.STALE_BROKER_EPOCH, 0)
      life.registrationFailed(Errors[name], 0)
      expect([life.refusedBy, life.wish]).toEqual([null, 'register'])
    },
  )
})

describe('a broker that stops', () => {
  it('reports until the controller lets it go', () => {
    running()
    life.stop(1000)
    expect([life.state, life.wish, life.wantsShutDown, life.dueMs]).toEqual(['stopping', 'heartbeat', true, 1000])
    life.heartbeatAnswered(unfenced, 1010)
    expect([life.state, life.dueMs]).toEqual(['stopping', 1060])
    life.heartbeatAnswered(mayStop, 1070)
    expect([life.state, life.wish, life.dueMs]).toEqual(['stopped', null, Number.POSITIVE_INFINITY])
  })

  it.each([
    ['before it is registered', () => {}],
    ['while it is still fenced', () => life.registered(7, 0)],
  ])('may go at once %s', (_, begin) => {
    begin()
    life.stop(0)
    expect(life.state).toBe('stopped')
  })

  it('goes without leave when no controller answers, or none lets it go', () => {
    running()
    life.stop(1000)
    life.heartbeatFailed(null, 1500)
    expect(life.state).toBe('stopping')
    life.checkPatience(2000)
    expect(life.state).toBe('stopped')

    life = new BrokerLifecycle({ heartbeatIntervalMs: 500, sessionTimeoutMs: 3000 })
    running()
    life.stop(1000)
    for (let nowMs = 1000; nowMs < 10_950; nowMs += 50) life.heartbeatAnswered(unfenced, nowMs)
    expect(life.state).toBe('stopping')
    life.heartbeatAnswered(unfenced, 11_000)
    expect(life.state).toBe('stopped')
  })

  it('has nothing to hand over when its cluster has forgotten it', () => {
    running()
    life.stop(0)
    life.heartbeatFailed(Errors.STALE_BROKER_EPOCH, 0)
    expect(life.state).toBe('stopped')
  })
})
