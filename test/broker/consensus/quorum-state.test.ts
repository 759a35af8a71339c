import { describe, expect, it } from 'vitest'
import { formatQuorumState, QuorumStateFile, refuseOtherCluster } from '../../../broker/consensus/quorum-state.ts'
import { createMemoryDisk } from '../../../broker/node.ts'
import type { Disk } from '../../../broker/ports/disk.ts'
import { SimClock } from '../../../testing/sim/clock.ts'
import { DiskFaults } from '../../../testing/sim/disk/faults.ts'
import { SimDisk } from '../../../testing/sim/disk/sim-disk.ts'
import { SimDirectory } from '../../../testing/sim/disk/tree.ts'
import { SeededRandom } from '../../../testing/sim/random.ts'
import { Trace } from '../../../testing/sim/trace.ts'

const OURS = 'nZ8nbaZD0IuXBnWRnr65Ew'
const OTHER = '8PqdSuy_dNMXNknLehjTKA'
const voters = [{ id: 1, host: '', port: 0 }]
const raft = {
  nodeId: 1,
  directoryId: 'd'.repeat(22),
  voters,
  electionTimeoutMs: 1000,
  fetchTimeoutMs: 2000,
  requestTimeoutMs: 2000,
  retryBackoffMs: 20,
}
const state = { epoch: 3, votedFor: 1, leader: 1 }

function written(clusterId: string) {
  const disk = createMemoryDisk()
  disk.mkdirSync('/data/log')
  new QuorumStateFile(disk, '/data/log', raft, clusterId).write(state, voters)
  return disk
}

describe('the state file of a quorum', () => {
  it('is read again by a node of its cluster', () => {
    const disk = written(OURS)
    refuseOtherCluster(disk, '/data/log', OURS)
    expect(new QuorumStateFile(disk, '/data/log', raft, OURS).read()).toEqual(state)
  })

  it('of another cluster is refused, with its name and what to do, and left as it is', () => {
    const disk = written(OTHER)
    const before = disk.readFileSync('/data/log/quorum-state')
    const ask = () => refuseOtherCluster(disk, '/data/log', OURS)
    expect(ask).toThrow(`/data/log/quorum-state belongs to cluster ${OTHER}, and meta.properties to ${OURS}`)
    expect(ask).toThrow(`set cluster.id=${OTHER} again`)
    expect(ask).toThrow(expect.objectContaining({ name: 'DataDirError', code: 'FOREIGN' }))
    expect(disk.readFileSync('/data/log/quorum-state')).toEqual(before)
  })

  it('that names no cluster is taken by any, and names it from the next write on', () => {
    const disk = written('')
    refuseOtherCluster(disk, '/data/log', OURS)
    const file = new QuorumStateFile(disk, '/data/log', raft, OURS)
    file.write(file.read(), voters)
    expect(() => refuseOtherCluster(disk, '/data/log', OTHER)).toThrow('belongs to cluster')
  })
})

describe('a power cut', () => {
  const several = { ...raft, voters: [1, 2, 3].map((id) => ({ id, host: '', port: 0 })) }
  const freshDisk = (seed: number) => {
    const random = new SeededRandom(seed)
    const disk = new SimDisk({
      clock: new SimClock(),
      random,
      faults: new DiskFaults(random),
      trace: new Trace(),
      root: new SimDirectory(new Map([['data', new SimDirectory()]])),
    })
    disk.mkdirSync('/data/log')
    return disk
  }

  it('never takes a vote that the next start has read, though the one before died as it wrote it', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const disk = freshDisk(seed)
      const text = formatQuorumState(state, [1, 2, 3], OURS)
      disk.replaceSync('/data/log/quorum-state', Buffer.from(text), { sync: false })
      const read = new QuorumStateFile(disk, '/data/log', several, OURS).read()
      disk.die('power-cut')
      expect(new QuorumStateFile(disk.remount(), '/data/log', several, OURS).read()).toEqual(read)
    }
  })

  it('leaves a file that can be read to a voter whom the others have left: its configuration still names them', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const disk = freshDisk(seed)
      new QuorumStateFile(disk, '/data/log', several, OURS).write(state, several.voters)
      const later = new QuorumStateFile(disk, '/data/log', several, OURS)
      later.read()
      later.write({ ...state, epoch: 4 }, voters)
      disk.die('power-cut')
      expect(new QuorumStateFile(disk.remount(), '/data/log', several, OURS).read().epoch).toBe(4)
    }
  })

  it('never takes a vote that was told, though the directory is as new as the vote', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const disk = freshDisk(seed)
      new QuorumStateFile(disk, '/data/log', several, OURS).write(state, several.voters)
      disk.die('power-cut')
      expect(new QuorumStateFile(disk.remount(), '/data/log', several, OURS).read()).toEqual(state)
    }
  })
})

describe('the voters of before', () => {
  const others = [1, 2, 3].map((id) => ({ id, host: '', port: 0 }))
  const opened = (configured: typeof voters) => {
    const file = new QuorumStateFile(written(OURS), '/data/log', { ...raft, voters: configured }, OURS)
    file.read()
    return file
  }

  it('are not exchanged for others by a changed list, which could elect one that has nothing of this log', () => {
    const problem = opened(others).problemWith(null, false)
    expect(problem?.message).toContain('/data/log/quorum-state was written with the voters 1, and now 1, 2, 3')
    expect(problem?.message).toContain('millrace quorum add-voter')
  })

  it('do not matter where the log is empty, names its voters itself, or the list is the same', () => {
    expect(opened(others).problemWith(null, true)).toBeNull()
    expect(opened(others).problemWith(others, false)).toBeNull()
    expect(opened(voters).problemWith(null, false)).toBeNull()
  })
})

/** A disk of four blocks, each of which belongs to one file: what is replaced is there twice for a moment. */
function blockDisk() {
  const inner = createMemoryDisk()
  inner.mkdirSync('/data/log')
  const blocksOf = (bytes: number) => Math.ceil(bytes / 4096)
  const usedBlocks = () =>
    inner.listSync('/data/log').reduce((sum, name) => sum + blocksOf(inner.sizeSync(`/data/log/${name}`)), 0)
  const take = (blocks: number) => {
    if (usedBlocks() + blocks <= 4) return
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }
  const disk: Disk = Object.assign(Object.create(inner) as Disk, {
    replaceSync(path: string, data: Buffer) {
      take(blocksOf(data.length))
      inner.replaceSync(path, data)
    },
    openSync(path: string, options?: { create?: boolean }) {
      take(path.endsWith('.reserve') ? 2 : 0)
      return inner.openSync(path, options)
    },
    unlinkSync: (path: string) => inner.unlinkSync(path),
    existsSync: (path: string) => inner.existsSync(path),
    sizeSync: (path: string) => inner.sizeSync(path),
    readFileSync: (path: string) => inner.readFileSync(path),
    syncDirectorySync: (path: string) => inner.syncDirectorySync(path),
  })
  /** Somebody else takes all there is. */
  const fill = () => {
    for (let n = 0; usedBlocks() < 4; n += 1) inner.replaceSync(`/data/log/other-${n}`, Buffer.alloc(4096))
  }
  return { disk, fill }
}

describe('the state file of a voter among others', () => {
  const others = [...voters, { id: 2, host: '', port: 0 }]

  it('takes epochs and votes on a full disk too, as often as there are any', () => {
    const { disk, fill } = blockDisk()
    const file = new QuorumStateFile(disk, '/data/log', { ...raft, voters: others }, OURS)
    file.write({ ...state, epoch: 1 }, others)
    for (let epoch = 2; epoch < 10; epoch += 1) {
      fill()
      file.write({ ...state, epoch }, others)
    }
    expect(new QuorumStateFile(disk, '/data/log', { ...raft, voters: others }, OURS).read().epoch).toBe(9)
  })

  it('says that there is no room where there was none from the beginning', () => {
    const { disk, fill } = blockDisk()
    fill()
    const file = new QuorumStateFile(disk, '/data/log', { ...raft, voters: others }, OURS)
    expect(() => file.write(state, others)).toThrow('ENOSPC')
  })
})
