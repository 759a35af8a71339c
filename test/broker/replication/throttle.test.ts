import { describe, expect, it } from 'vitest'
import { ReplicationQuota, ThrottledReplicas } from '../../../broker/replication/throttle.ts'

describe('a replication throttle', () => {
  it('is exceeded by more bytes per second than it allows, and not by as many', () => {
    const quota = new ReplicationQuota(() => 1_000)
    quota.record(1_000, 0)
    expect(quota.isExceeded(0)).toBe(false)
    quota.record(1, 500)
    expect(quota.isExceeded(500)).toBe(true)
    expect(quota.isExceeded(1_002)).toBe(false)
  })

  it('forgets what was long ago, and follows a change of the limit', () => {
    let limit = 10
    const quota = new ReplicationQuota(() => limit)
    quota.record(1_000, 0)
    expect(quota.isExceeded(10_000)).toBe(true)
    limit = 1_000
    expect(quota.isExceeded(10_000)).toBe(false)
    limit = 0
    expect(quota.isExceeded(11_000)).toBe(false)
  })

  it.each([
    [['*'], true, true],
    [['0:1', '2:7'], true, false],
    [[], false, false],
  ])('of %j holds for the replicas it names', (words, first, second) => {
    const throttled = new ThrottledReplicas(words)
    expect([throttled.has(0, 1), throttled.has(1, 1)]).toEqual([first, second])
  })
})
