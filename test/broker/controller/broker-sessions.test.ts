import { beforeEach, describe, expect, it } from 'vitest'
import { BrokerSessions } from '../../../broker/controller/broker-sessions.ts'

let sessions: BrokerSessions
beforeEach(() => {
  sessions = new BrokerSessions({ sessionTimeoutMs: 1000, suspectTimeoutMs: 100 })
  sessions.begin(1, 10, 0)
  sessions.begin(2, 20, 0)
})

const late = (nowMs: number) => sessions.expired(nowMs).map(({ brokerId, brokerEpoch }) => `${brokerId}@${brokerEpoch}`)

describe('a broker’s session', () => {
  it('ends after silence, and is renewed by a heartbeat', () => {
    sessions.heard(1, 10, 600)
    expect(late(999)).toEqual([])
    expect(late(1000)).toEqual(['2@20'])
    expect(late(1600)).toEqual(['1@10', '2@20'])
  })

  it('ends sooner after a hint, unless the broker is heard again', () => {
    sessions.suspect(1, 500)
    sessions.suspect(2, 500)
    sessions.heard(2, 20, 550)
    expect(sessions.deadlineMs).toBe(600)
    expect(late(600)).toEqual(['1@10'])
  })

  it('is never made longer by a hint', () => {
    sessions.suspect(1, 950)
    expect(late(1000)).toEqual(['1@10', '2@20'])
  })

  it('is not renewed by an uptime that is over, nor by a stranger', () => {
    sessions.heard(1, 9, 900)
    sessions.heard(3, 30, 900)
    expect(late(1000)).toEqual(['1@10', '2@20'])
  })

  it('belongs to the newest uptime', () => {
    sessions.begin(1, 11, 900)
    sessions.heard(1, 10, 1500)
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
})
