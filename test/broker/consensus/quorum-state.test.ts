import { describe, expect, it } from 'vitest'
import { QuorumStateFile, refuseOtherCluster } from '../../../broker/consensus/quorum-state.ts'
import { createMemoryDisk } from '../../../broker/node.ts'

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
