/** Snapshots of real members: made, fetched, damaged, cut off by crashes. */
import { describe, expect, it } from 'vitest'
import { SnapshotEncoder, snapshotName } from '../../../broker/consensus/snapshot-file.ts'
import { METADATA_TOPIC } from '../../../broker/controller/names.ts'
import { Trio } from './trio.ts'

const directory = `/data/${METADATA_TOPIC}-0`

/** A leader whose log begins behind two snapshots, and a follower that was away. */
function trimmed(): { trio: Trio; leader: number; away: number; files: readonly string[] } {
  const trio = new Trio()
  const leader = trio.leader()
  const away = leader === 3 ? 2 : 3
  trio.write(leader, 'before')
  trio.kill(away)
  trio.write(leader, 'a', 'b')
  const older = trio.snapshot(leader)
  trio.write(leader, 'c')
  const newer = trio.snapshot(leader)
  trio.write(leader, 'd')
  return { trio, leader, away, files: [older, newer] }
}

const textsOf = (trio: Trio, id: number) => trio.values(id).map((value) => value.split(' ').slice(2).join(' '))

describe('a member that has written snapshots', () => {
  it('keeps two, and its log begins at the end of the older', () => {
    const { trio, leader } = trimmed()
    expect(trio.at(leader).log.logStartOffset).toBe(5)
    expect(textsOf(trio, leader).slice(-2)).toEqual(['c', 'd'])
    trio.snapshot(leader)
    expect(trio.at(leader).log.logStartOffset).toBe(6)
    const names = trio.disks
      .get(leader)
      ?.listSync(directory)
      .filter((name) => name.includes('.checkpoint'))
    expect(names).toEqual([6, 7].map((endOffset) => snapshotName({ endOffset, epoch: 1 })))
  })

  it('begins there again after a restart, with the same voters, and commits on', () => {
    const { trio, leader, away } = trimmed()
    trio.start(away)
    trio.clock.advance(3000)
    for (const id of [1, 2, 3]) trio.kill(id)
    for (const id of [1, 2, 3]) trio.start(id)
    const next = trio.leader()
    expect(next).toBeGreaterThan(0)
    trio.write(next, 'after')
    expect(trio.at(leader).log.logStartOffset).toBe(5)
    for (const id of [1, 2, 3]) {
      expect(textsOf(trio, id).slice(-1)).toEqual(['after'])
      expect(trio.at(id).member.voters.map((voter) => voter.id)).toEqual([1, 2, 3])
    }
    expect(trio.failures).toEqual([])
  })

  it('gives away the files of the log that are wholly below its beginning', () => {
    const { trio, leader } = trimmed()
    const { log, logs } = trio.at(leader)
    log.updateConfig({ ...log.config, segmentBytes: 200 })
    trio.write(leader, 'e', 'f', 'g')
    const segments = log.segmentCount
    trio.snapshot(leader)
    trio.snapshot(leader)
    trio.write(leader, 'h')
    trio.snapshot(leader)
    expect(logs.applyRetention(trio.clock.now())).toBeGreaterThan(0)
    expect(log.segmentCount).toBeLessThanOrEqual(segments)
    trio.kill(leader)
    trio.start(leader)
    expect(trio.at(leader).log.logStartOffset).toBe(10)
    expect(trio.failures).toEqual([])
  })
})

describe('a follower that was away for too long', () => {
  it('gets the newest snapshot, and what comes after', () => {
    const { trio, leader, away } = trimmed()
    trio.start(away)
    trio.clock.advance(3000)
    expect(trio.installed).toMatchObject([
      { id: away, snapshot: { id: { endOffset: 6, epoch: 1 }, records: [{ nextProducerId: 6 }] } },
    ])
    expect(trio.at(away).log.logStartOffset).toBe(6)
    expect(textsOf(trio, away)).toEqual(['d'])
    expect(trio.at(away).member.highWatermark).toBe(7)
    trio.write(leader, 'e')
    expect(textsOf(trio, away)).toEqual(['d', 'e'])
    expect([trio.failures, trio.noticed]).toEqual([[], []])
  })

  it('counts for the commit again, and may lead', () => {
    const { trio, leader, away } = trimmed()
    trio.start(away)
    trio.clock.advance(3000)
    trio.kill(leader)
    const next = trio.leader()
    trio.write(next, 'after')
    trio.start(leader)
    trio.clock.advance(3000)
    for (const id of [1, 2, 3]) expect(textsOf(trio, id)).toContain('after')
    expect(trio.failures).toEqual([])
  })

  it('begins its log behind the snapshot when a crash came between the two', () => {
    const { trio, leader, away, files } = trimmed()
    const [, newer = ''] = files
    const bytes = trio.disks.get(leader)?.readFileSync(newer) ?? Buffer.alloc(0)
    trio.disks.get(away)?.replaceSync(newer, bytes)
    trio.cut = (from, to) => from === away || to === away
    trio.start(away)
    expect([trio.at(away).log.logStartOffset, trio.at(away).log.logEndOffset]).toEqual([6, 6])
    trio.cut = () => false
    trio.clock.advance(5000)
    expect(textsOf(trio, away)[0]).toBe('d')
    expect(trio.installed).toEqual([])
    expect(trio.failures).toEqual([])
  })

  it('takes no snapshot that is damaged, says so, and asks again', () => {
    const { trio, leader, away, files } = trimmed()
    const disk = trio.disks.get(leader)
    const good = disk?.readFileSync(files[1] ?? '') ?? Buffer.alloc(0)
    const bad = Buffer.from(good)
    bad.writeUInt8(bad.readUInt8(bad.length - 90) ^ 1, bad.length - 90)
    disk?.replaceSync(files[1] ?? '', bad)
    trio.start(away)
    trio.clock.advance(1000)
    expect(trio.noticed[0]).toBe(`${away}: a snapshot of the quorum leader was refused`)
    expect(textsOf(trio, away).slice(-1)).toEqual(['before'])
    disk?.replaceSync(files[1] ?? '', good)
    trio.clock.advance(3000)
    expect(textsOf(trio, away)).toEqual(['d'])
    expect(trio.failures).toEqual([])
  })

  it('waits for room on a full disk, and takes it then', () => {
    const { trio, away } = trimmed()
    trio.start(away)
    const faults = trio.faults.get(away)
    if (faults === undefined) throw new Error('no disk')
    faults.appendError = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
    trio.clock.advance(1000)
    expect(trio.noticed.length).toBeGreaterThan(0)
    expect(trio.installed).toEqual([])
    faults.appendError = null
    trio.clock.advance(3000)
    expect(textsOf(trio, away)).toEqual(['d'])
    expect(trio.failures).toEqual([])
  })
})

describe('a damaged snapshot', () => {
  const damage = (trio: Trio, id: number, path: string) => {
    const bytes = trio.disks.get(id)?.readFileSync(path) ?? Buffer.alloc(0)
    trio.disks.get(id)?.replaceSync(path, bytes.subarray(0, bytes.length - 1))
  }

  it('is replaced by the older one where the log has what came after that', () => {
    const { trio, leader, files } = trimmed()
    trio.kill(leader)
    damage(trio, leader, files[1] ?? '')
    trio.start(leader)
    const { snapshots } = trio.at(leader).member.log
    expect(snapshots.damaged.map(({ message }) => message)).toEqual([expect.stringContaining(files[1] ?? '')])
    expect(snapshots.newest).toEqual({ endOffset: 5, epoch: 1 })
    expect(trio.at(leader).log.logStartOffset).toBe(5)
    expect(trio.failures).toEqual([])
  })

  it('is refused with its name where nothing stands for it', () => {
    const { trio, leader, away } = trimmed()
    trio.start(away)
    trio.clock.advance(3000)
    trio.kill(away)
    const path = `${directory}/${snapshotName({ endOffset: 6, epoch: 1 })}`
    damage(trio, away, path)
    expect(() => trio.start(away)).toThrow(expect.objectContaining({ message: expect.stringContaining(path) }))
    expect(trio.at(leader).member.isLeader).toBe(true)
  })

  it('that was half written is removed at the next start', () => {
    const { trio, leader } = trimmed()
    const disk = trio.disks.get(leader)
    const { log } = trio.at(leader).member
    const id = { endOffset: 7, epoch: 1 }
    const file = log.snapshots.create(id)
    for (const batch of new SnapshotEncoder(id, 0).header(null)) file.append(batch)
    trio.kill(leader)
    expect(disk?.listSync(directory).filter((name) => name.endsWith('.part'))).toHaveLength(1)
    trio.start(leader)
    expect(disk?.listSync(directory).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})
