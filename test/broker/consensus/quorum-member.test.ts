/** The pump on real logs. */
import { describe, expect, it } from 'vitest'
import { QuorumStateError } from '../../../broker/consensus/quorum-state.ts'
import { METADATA_TOPIC } from '../../../broker/controller/names.ts'
import { batchOf, Trio } from './trio.ts'

describe('three members on real logs', () => {
  it('elect, replicate byte for byte and commit', () => {
    const trio = new Trio()
    const leader = trio.leader()
    expect(leader).toBeGreaterThan(0)
    trio.at(leader).member.append(batchOf('a', 'b'))
    trio.at(leader).member.append(batchOf('c'))
    trio.clock.advance(1000)
    const epoch = trio.at(leader).member.epoch
    const start = [`0 ${epoch} leader ${leader}`, `1 ${epoch} voters 1 2 3`]
    const expected = [...start, `2 ${epoch} a`, `3 ${epoch} b`, `4 ${epoch} c`]
    for (const id of [1, 2, 3]) {
      expect(trio.values(id)).toEqual(expected)
      expect(trio.at(id).member.highWatermark).toBe(5)
      expect(trio.at(id).log.highWatermark).toBe(5)
    }
    expect(trio.failures).toEqual([])
  })

  it('fail over, cut what the old leader wrote alone, and let it catch up', () => {
    const trio = new Trio()
    const old = trio.leader()
    trio.cut = (from, to) => from === old || to === old
    trio.at(old).member.append(batchOf('orphan'))
    const next = trio.leader()
    expect(next).not.toBe(old)
    trio.at(next).member.append(batchOf('kept'))
    trio.cut = () => false
    trio.clock.advance(8000)
    expect(trio.values(old)).toEqual(trio.values(next))
    expect(trio.values(old).join()).toContain('kept')
    expect(trio.values(old).join()).not.toContain('orphan')
    expect(trio.failures).toEqual([])
  })

  it('remember their votes and their log through a kill of all three', () => {
    const trio = new Trio()
    const first = trio.leader()
    trio.at(first).member.append(batchOf('kept'))
    trio.clock.advance(1000)
    const { epoch } = trio.at(first).member
    for (const id of [1, 2, 3]) trio.kill(id)
    for (const id of [1, 2, 3]) trio.start(id)
    const second = trio.leader()
    expect(trio.at(second).member.epoch).toBeGreaterThan(epoch)
    for (const id of [1, 2, 3]) expect(trio.values(id).join()).toContain('kept')
    expect(trio.failures).toEqual([])
  })
})

describe('a follower that is killed before it has synced its last batch', () => {
  // With `page-cache` a log does not sync by itself what it recovers, and the quorum's must be synced all the same.
  it.each(['fsync', 'page-cache'] as const)('syncs what recovery found of it, and follows on (%s)', (durability) => {
    const trio = new Trio([1, 2, 3], durability)
    const leader = trio.leader()
    const follower = leader === 1 ? 2 : 1
    const faults = trio.faults.get(follower)!
    faults.holdSyncs = true
    trio.at(leader).member.append(batchOf('unsynced'))
    trio.clock.advance(1000)
    expect(trio.values(follower).join()).toContain('unsynced')
    trio.kill(follower)
    faults.holdSyncs = false
    trio.start(follower)
    trio.clock.advance(3000)
    const last = trio.leader()
    trio.at(last).member.append(batchOf('after'))
    trio.clock.advance(3000)
    expect(trio.values(follower).join()).toContain('after')
    expect(trio.failures).toEqual([])
  })
})

describe('a full disk', () => {
  const noRoom = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })

  it('of a follower stops nobody, and it catches up when there is room again', () => {
    const trio = new Trio()
    const leader = trio.leader()
    const follower = leader === 1 ? 2 : 1
    const faults = trio.faults.get(follower)
    if (faults === undefined) throw new Error('no disk')
    faults.appendError = noRoom
    trio.at(leader).member.append(batchOf('a'))
    trio.clock.advance(10_000)
    expect([trio.at(leader).member.highWatermark, trio.at(follower).log.logEndOffset]).toEqual([3, 2])
    expect(trio.at(leader).member.isLeader).toBe(true)
    faults.appendError = null
    trio.at(leader).member.append(batchOf('b'))
    trio.clock.advance(3000)
    expect(trio.values(follower)).toEqual(trio.values(leader))
    expect(trio.values(follower)).toHaveLength(4)
    expect([trio.failures, trio.rolledBack]).toEqual([[], []])
  })

  it('of the leader takes back what it could not write, and leads on', () => {
    const trio = new Trio()
    const leader = trio.leader()
    const faults = trio.faults.get(leader)
    if (faults === undefined) throw new Error('no disk')
    faults.appendError = noRoom
    trio.at(leader).member.append(batchOf('lost'))
    trio.clock.advance(10)
    expect(trio.rolledBack).toEqual([`${leader}: 2`])
    expect(() => trio.at(leader).member.append(batchOf('refused'))).toThrow(/no space/)
    faults.appendError = null
    trio.clock.advance(1000)
    trio.at(leader).member.append(batchOf('kept'))
    trio.clock.advance(1000)
    for (const id of [1, 2, 3])
      expect(trio.values(id).map((value) => value.split(' ')[2])).toEqual(['leader', 'voters', 'kept'])
    expect(trio.failures).toEqual([])
  })
})

describe('room on a disk that was full', () => {
  it.each(['leader', 'follower'])('is noticed by a %s though nothing more is appended', (role) => {
    const trio = new Trio()
    const leader = trio.leader()
    const id = role === 'leader' ? leader : (leader % 3) + 1
    const faults = trio.faults.get(id)!
    const { log, member } = trio.at(id)
    faults.appendError = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
    // What a follower got when it led is taken back by then.
    if (role === 'leader') member.append(batchOf('lost'))
    else log.append(batchOf('lost'), member.epoch, trio.clock.now())
    log.flush()
    trio.clock.advance(3000)
    expect(log.full).not.toBeNull()
    faults.appendError = null
    trio.clock.advance(3000)
    expect([trio.leader(), log.full, trio.failures]).toEqual([leader, null, []])
  })
})

describe('an election with a full disk', () => {
  const noRoom = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
  const fill = (trio: Trio, id: number): void => {
    const faults = trio.faults.get(id)
    if (faults === undefined) throw new Error('no disk')
    faults.appendError = noRoom
  }

  /** Two voters are left of three, of which one has no room; who would win by chance differs from time to time. */
  const leftWithoutRoom = (startMs: number): { trio: Trio; dead: number; full: number; other: number } => {
    const trio = new Trio()
    for (const id of [1, 2, 3]) trio.kill(id)
    trio.clock.advance(startMs)
    for (const id of [1, 2, 3]) trio.start(id)
    const dead = trio.leader()
    const [full, other] = [1, 2, 3].filter((id) => id !== dead)
    fill(trio, full)
    return { trio, dead, full, other }
  }
  const times = Array.from({ length: 10 }, (_, index) => index)

  it.each(times)('is left to the others by a leader that resigns because its disk is full (%i)', (startMs) => {
    const { trio, dead: leader } = leftWithoutRoom(startMs)
    fill(trio, leader)
    for (const id of [1, 2, 3]) if (id !== leader) trio.faults.get(id)!.appendError = null
    trio.at(leader).member.append(batchOf('lost'))
    // The others do not hear at once that they may elect.
    trio.cut = (from) => from === leader
    trio.at(leader).member.resign()
    trio.clock.advance(1500)
    trio.cut = () => false
    expect([trio.failures, [1, 2, 3].filter((id) => id !== leader)]).toEqual([
      [],
      expect.arrayContaining([trio.leader()]),
    ])
  })

  it.each(times)('is given up by a winner that cannot write the beginning of its epoch (%i)', (startMs) => {
    const { trio, dead, other } = leftWithoutRoom(startMs)
    trio.kill(dead)
    trio.clock.advance(20_000)
    expect(trio.leader()).toBe(other)
    trio.write(other, 'taken')
    expect([trio.failures, trio.values(other).at(-1)]).toEqual([[], expect.stringContaining('taken')])
  })

  it('is won by the only voter once there is room', () => {
    const trio = new Trio([1])
    trio.leader()
    const { epoch } = trio.at(1).member
    trio.kill(1)
    fill(trio, 1)
    trio.start(1)
    trio.clock.advance(60_000)
    // It stood once, and knows since then that it had better not.
    expect([trio.failures, trio.at(1).member.isLeader, trio.at(1).member.epoch]).toEqual([[], false, epoch + 1])
    const faults = trio.faults.get(1)
    if (faults !== undefined) faults.appendError = null
    expect(trio.leader()).toBe(1)
    trio.write(1, 'taken')
    expect(trio.values(1).at(-1)).toContain('taken')
  })
})

describe('a damaged state file', () => {
  const damage = (trio: Trio) => {
    trio.leader()
    const { epoch } = trio.at(1).member
    trio.kill(1)
    trio.disks.get(1)?.replaceSync(`/data/${METADATA_TOPIC}-0/quorum-state`, Buffer.from('{"leaderEpoch":'))
    return epoch
  }

  it('is refused by one voter of three: it might vote twice', () => {
    const trio = new Trio()
    damage(trio)
    expect(() => trio.start(1)).toThrow(QuorumStateError)
  })

  it('does no harm to the only voter: its log knows the epoch', () => {
    const trio = new Trio([1])
    const epoch = damage(trio)
    trio.start(1)
    expect(trio.leader()).toBe(1)
    expect(trio.at(1).member.epoch).toBe(epoch + 1)
  })
})

describe('one member', () => {
  it('writes its state as Kafka does', () => {
    const trio = new Trio([1])
    trio.leader()
    const text = trio.disks.get(1)?.readFileSync(`/data/${METADATA_TOPIC}-0/quorum-state`).toString()
    expect(JSON.parse(text ?? '')).toEqual({
      leaderId: 1,
      leaderEpoch: 1,
      votedId: 1,
      currentVoters: [{ voterId: 1 }],
      data_version: 0,
    })
  })
})
