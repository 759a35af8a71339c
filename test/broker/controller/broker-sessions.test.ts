import { beforeEach, describe, expect, it } from 'vitest'
import { BrokerSessions } from '../../../broker/controller/broker-sessions.ts'

let sessions: BrokerSessions
beforeEach(() => {
  sessions = new BrokerSessions({ nodeId: 9, sessionTimeoutMs: 1000, suspectTimeoutMs: 100 })
  sessions.begin(1, 10, 0)
  sessions.begin(2, 20, 0)
})

const late = (nowMs: number) => sessions.expired(nowMs).map(({ brokerId, brokerEpoch }) => `${brokerId}@${brokerEpoch}`)

describe('a broker’s session', () => {
  it('ends after silence, and is renewed by a heartbeat', () => {
    sessions.heard(1, 10, 0, 600)
    expect(late(999)).toEqual([])
    expect(late(1000)).toEqual(['2@20'])
    expect(late(1600)).toEqual(['1@10', '2@20'])
  })

  it('ends sooner after a hint, unless the broker is heard again', () => {
    sessions.suspect(1, 500)
    sessions.suspect(2, 500)
    sessions.heard(2, 20, 0, 550)
    expect(sessions.deadlineMs).toBe(600)
    expect(late(600)).toEqual(['1@10'])
  })

  it('is never made longer by a hint', () => {
    sessions.suspect(1, 950)
    expect(late(1000)).toEqual(['1@10', '2@20'])
  })

  it('is not renewed by an uptime that is over, nor by a stranger', () => {
    sessions.heard(1, 9, 0, 900)
    sessions.heard(3, 30, 0, 900)
    expect(late(1000)).toEqual(['1@10', '2@20'])
  })

  it('belongs to the newest uptime', () => {
    sessions.begin(1, 11, 900)
    sessions.heard(1, 10, 0, 1500)
    expect(late(1899)).toEqual(['2@20'])
    expect(late(1900)).toEqual(['1@11', '2@20'])
  })

  it('is over when the broker is fenced, and all are when another controller takes over', () => {
    sessions.end(1)
    expect(late(5000)).toEqual(['2@20'])
    sessions.clear()
    expect(late(5000)).toEqual([])
    expect(sessions.deadlineMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('makes a broker live until it ends, unless it is that of an earlier uptime of this process', () => {
    expect([sessions.isLive(1, 999), sessions.isLive(1, 1000), sessions.isLive(3, 0)]).toEqual([true, false, false])
    sessions.begin(9, 90, 0, false)
    expect(sessions.isLive(9, 0)).toBe(false)
    sessions.heard(9, 90, 0, 0)
    expect(sessions.isLive(9, 1_000_000)).toBe(true)
  })

  it('tells who has been silent since the controller became active, and when everybody could have been heard', () => {
    sessions.open(0)
    sessions.begin(5, 50, 0, false)
    sessions.begin(6, 60, 0, false)
    sessions.heard(6, 60, 0, 10)
    expect(sessions.silent(1)).toEqual([{ brokerId: 5, brokerEpoch: 50 }])
    expect(sessions.silent(5)).toEqual([])
    expect([sessions.isSettled(799), sessions.isSettled(800)]).toEqual([false, true])
  })

  it('knows what every broker that stays has applied', () => {
    sessions.heard(1, 10, 100, 0)
    sessions.heard(2, 20, 70, 0)
    expect(sessions.lowestOffset()).toBe(70)
    sessions.shuttingDown(2, 80)
    sessions.shuttingDown(2, 95)
    expect([sessions.shutdownOffset(2), sessions.lowestOffset()]).toEqual([80, 100])
  })
})

describe('room on the disks of others', () => {
  it('is what their last heartbeats said, of those that were heard', () => {
    sessions.begin(9, 90, 0)
    expect(sessions.hasRoomElsewhere).toBe(true)
    sessions.heard(1, 10, 0, 100, false)
    expect(sessions.hasRoomElsewhere).toBe(true)
    sessions.heard(2, 20, 0, 100, false)
    expect(sessions.hasRoomElsewhere).toBe(false)
    sessions.begin(3, 30, 0, false)
    expect(sessions.hasRoomElsewhere).toBe(false)
    sessions.heard(1, 10, 0, 200)
    expect(sessions.hasRoomElsewhere).toBe(true)
  })
})
