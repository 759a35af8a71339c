/** Voters of real members: in the log, in snapshots, through restarts. */
import { describe, expect, it } from 'vitest'
import type { VoterChange } from '../../../broker/consensus/voters.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'
import type { FaultDisk } from '../../support/fault-disk.ts'
import { Trio } from './trio.ts'

const noRoom = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })

function change(trio: Trio, leader: number, what: VoterChange, waits = true): string[] {
  const answers: string[] = []
  trio.at(leader).member.changeVoters(what, waits, (error, message) => void answers.push(`${error} ${message}`))
  trio.clock.advance(1000)
  return answers
}

const remove = (id: number): VoterChange => ({ kind: 'remove', id, directoryId: ZERO_UUID })
const votersOf = (trio: Trio, id: number) => trio.at(id).member.voters.map((voter) => voter.id)

function faultsOf(trio: Trio, id: number): FaultDisk {
  const faults = trio.faults.get(id)
  if (faults === undefined) throw new Error('no disk')
  return faults
}

describe('a voter that is removed', () => {
  it('is none on any node once that is committed, and after a restart of all', () => {
    const trio = new Trio()
    const leader = trio.leader()
    const gone = leader === 3 ? 2 : 3
    expect(change(trio, leader, remove(gone))).toEqual([`${Errors.NONE} null`])
    const rest = [1, 2, 3].filter((id) => id !== gone)
    for (const id of [1, 2, 3]) expect(votersOf(trio, id)).toEqual(rest)
    for (const id of [1, 2, 3]) trio.kill(id)
    for (const id of [1, 2, 3]) trio.start(id)
    expect(rest).toContain(trio.leader())
    for (const id of [1, 2, 3]) expect(votersOf(trio, id)).toEqual(rest)
    expect(trio.failures).toEqual([])
  })

  it('comes back as an observer that caught up is made a voter, with its directory and address', () => {
    const trio = new Trio()
    const leader = trio.leader()
    const away = leader === 3 ? 2 : 3
    change(trio, leader, remove(away))
    const voter = { id: away, host: 'elsewhere', port: 1, directoryId: 'AAAAAAAAAAAAAAAAAAAAAg' }
    const another = { ...voter, directoryId: 'another-directory-----' }
    expect(change(trio, leader, { kind: 'add', voter: another })[0]).toContain('lagging behind')
    expect(change(trio, leader, { kind: 'add', voter })).toEqual([`${Errors.NONE} null`])
    for (const id of [1, 2, 3]) expect(trio.at(id).member.voters).toContainEqual(voter)
    expect(trio.failures).toEqual([])
  })

  it('is known from a snapshot too, when the record is trimmed away', () => {
    const trio = new Trio()
    const leader = trio.leader()
    const gone = leader === 3 ? 2 : 3
    change(trio, leader, remove(gone))
    for (const value of ['a', 'b']) {
      trio.write(leader, value)
      trio.snapshot(leader)
    }
    trio.kill(leader)
    trio.start(leader)
    expect(trio.at(leader).log.logStartOffset).toBeGreaterThan(3)
    expect(votersOf(trio, leader)).toEqual([1, 2, 3].filter((id) => id !== gone))
  })
})

describe('a change of voters', () => {
  it('is not made on a full disk, and the set stays as it was', () => {
    const trio = new Trio()
    const leader = trio.leader()
    faultsOf(trio, leader).appendError = noRoom
    expect(change(trio, leader, remove(leader === 3 ? 2 : 3))[0]).toContain(`${Errors.KAFKA_STORAGE_ERROR} `)
    faultsOf(trio, leader).appendError = null
    trio.clock.advance(2000)
    trio.write(leader, 'goes on')
    for (const id of [1, 2, 3]) expect(votersOf(trio, id)).toEqual([1, 2, 3])
    expect(trio.failures).toEqual([])
  })

  it('is refused by a node that does not lead', () => {
    const trio = new Trio()
    const leader = trio.leader()
    expect(change(trio, leader === 1 ? 2 : 1, remove(leader))).toEqual([`${Errors.NOT_LEADER_OR_FOLLOWER} null`])
  })
})

describe('what a leader tells of its quorum', () => {
  it('is who votes and who watches, how far each has come and when it was heard from last', () => {
    const trio = new Trio()
    const leader = trio.leader()
    const watcher = leader === 3 ? 2 : 3
    change(trio, leader, remove(watcher))
    const told = trio.at(leader).member.describe()
    const endOffset = trio.at(leader).log.logEndOffset
    expect(told).toMatchObject({ leader, epoch: 1, highWatermark: endOffset })
    expect(told?.voters.map(({ id }) => id)).toEqual([1, 2, 3].filter((id) => id !== watcher))
    expect(told?.observers).toMatchObject([{ id: watcher, endOffset, directoryId: 'AAAAAAAAAAAAAAAAAAAAAg' }])
    for (const { lastFetchMs, lastCaughtUpMs } of [...(told?.voters ?? []), ...(told?.observers ?? [])]) {
      expect(lastFetchMs).toBeGreaterThan(trio.clock.now() - 1000)
      expect(lastCaughtUpMs).toBeGreaterThan(trio.clock.now() - 1000)
    }
    expect(trio.at(watcher).member.describe()).toBeNull()
  })
})
