/** Three members of a quorum on real sockets, each with a log in memory. */
import { afterEach, describe, expect, it } from 'vitest'
import { defaultConfig } from '../../../broker/config.ts'
import { QuorumMember } from '../../../broker/consensus/quorum-member.ts'
import { METADATA_TOPIC } from '../../../broker/controller/names.ts'
import { openMetadataLog } from '../../../broker/controller/open-metadata-log.ts'
import { apiVersionsHandler } from '../../../broker/handlers/18-api-versions.ts'
import type { Log } from '../../../broker/log/log.ts'
import { LogManager } from '../../../broker/log/log-manager.ts'
import { createLogShared } from '../../../broker/log/shared.ts'
import { MetricsRegistry } from '../../../broker/metrics.ts'
import { createMemoryDisk } from '../../../broker/node.ts'
import { PeerChannel } from '../../../broker/peer/channel.ts'
import { quorumHandlers } from '../../../broker/peer/quorum-handlers.ts'
import { QuorumTransport } from '../../../broker/peer/quorum-transport.ts'
import { nodeClock } from '../../../broker/ports/node-clock.ts'
import { nodeNetwork } from '../../../broker/ports/node-network.ts'
import { nodeRandom } from '../../../broker/ports/node-random.ts'
import { Turn } from '../../../broker/replication/turn.ts'
import { KafkaServer, serverLimits } from '../../../broker/server/server.ts'
import type { Logger, Services } from '../../../broker/services.ts'
import type { Handler } from '../../../broker/handlers/handler.ts'
import { encodeBatch } from '../../../proto/kafka/batch/encode.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import type { Api } from '../../../proto/kafka/api.ts'
import { BeginQuorumEpoch, Fetch, Vote } from '../../../proto/kafka/generated/apis.ts'
import { ZERO_UUID } from '../../../proto/kafka/uuid.ts'

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const clusterId = 'cluster-of-this-test--'
const ids = [1, 2, 3]
const batchOf = (value: string) => encodeBatch([{ key: null, value, timestamp: 0 }])

async function until(check: () => boolean): Promise<void> {
  for (let turn = 0; !check(); turn++) {
    if (turn > 2000) throw new Error('it never came')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

class Node {
  readonly id: number
  readonly log: Log
  readonly member: QuorumMember
  readonly transport: QuorumTransport
  readonly refusals: string[] = []
  readonly failures: string[] = []
  private readonly server: KafkaServer
  private readonly channels = new Map<number, PeerChannel>()
  private readonly logs: LogManager

  constructor(id: number, ports: ReadonlyMap<number, number>, cluster = clusterId) {
    this.id = id
    const disk = createMemoryDisk()
    const shared = createLogShared({ maxSyncsInFlight: 2, tailCacheBytes: 1 << 20, maxOpenFiles: 100 })
    const newIds = { newClusterId: clusterId, newDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAg' }
    this.logs = LogManager.open({ disk, path: '/data', nodeId: id, ...newIds, durability: 'fsync', shared })
    const { log, snapshots } = openMetadataLog(this.logs, disk, Date.now())
    this.log = log
    this.transport = new QuorumTransport({
      clusterId: cluster,
      nodeId: id,
      directoryId: newIds.newDirectoryId,
      channel: (to) => this.channelTo(to, ports.get(to) ?? 0),
      deliver: (from, message) => this.member.receive(from, message),
      refused: (from, reason) => void this.refusals.push(`${from}: ${reason.message}`),
      requestTimeoutMs: 300,
      fetchWaitMs: 100,
    })
    this.member = new QuorumMember({
      raft: {
        nodeId: id,
        directoryId: this.logs.directoryId,
        voters: ids.map((voter) => ({ id: voter, host: '127.0.0.1', port: ports.get(voter) ?? 0 })),
        electionTimeoutMs: 200,
        fetchTimeoutMs: 400,
        requestTimeoutMs: 300,
        retryBackoffMs: 10,
      },
      log,
      snapshots,
      disk,
      clock: nodeClock,
      random: nodeRandom,
      send: (to, message) => this.transport.send(to, message),
      events: {
        committed: () => {},
        leaderChanged: () => {},
        rolledBack: () => {},
        installed: () => {},
        noticed: (problem) => void this.failures.push(problem.message),
        failed: (error) => void this.failures.push(error.message),
      },
    })
    const noReplicas = { api: Fetch, handle: () => {} }
    const handlers = quorumHandlers(this.transport, noReplicas)
    this.server = new KafkaServer({
      network: nodeNetwork,
      clock: nodeClock,
      turn: new Turn(nodeClock),
      metrics: new MetricsRegistry(),
      logger: silent,
      handlers: [...handlers, apiVersionsHandler(handlers) as Handler<unknown, unknown>],
      limits: serverLimits({ requestBytesMax: 1 << 20, idleTimeoutMs: 60_000, connectionsMax: 100 }),
    })
  }

  async listen(): Promise<number> {
    const port = await this.server.listen(['127.0.0.1'], 0)
    // Of all services the handlers of this listener use the metrics only.
    this.server.serve(`127.0.0.1:${port}`, {
      metrics: new MetricsRegistry(),
      metadata: { features: () => new Map() },
      cluster: { controller: { appliedOffset: 0 } },
      config: defaultConfig(),
    } as unknown as Services)
    return port
  }

  async stop(): Promise<void> {
    this.member.close()
    this.transport.close()
    for (const channel of this.channels.values()) channel.close()
    await this.server.kill()
    this.logs.abandon()
  }

  private channelTo(to: number, port: number): PeerChannel {
    const open = this.channels.get(to)
    if (open !== undefined) return open
    const options = { connectTimeoutMs: 300, backoffMs: 5, backoffMaxMs: 50, clientId: `node-${this.id}` }
    const ports = { network: nodeNetwork, clock: nodeClock, random: nodeRandom }
    const channel = new PeerChannel({ ...ports, ...options, address: { host: '127.0.0.1', port } })
    this.channels.set(to, channel)
    return channel
  }
}

class Trio {
  readonly nodes = new Map<number, Node>()
  readonly ports = new Map<number, number>()

  async start(): Promise<void> {
    for (const id of ids) this.nodes.set(id, new Node(id, this.ports))
    for (const [id, node] of this.nodes) this.ports.set(id, await node.listen())
    for (const node of this.nodes.values()) node.member.start()
  }

  async leader(): Promise<Node> {
    const leading = () => [...this.nodes.values()].find(({ member }) => member.isLeader)
    await until(() => leading() !== undefined)
    return leading()!
  }

  async kill(node: Node): Promise<void> {
    this.nodes.delete(node.id)
    await node.stop()
  }
}

let trio: Trio
const channels: PeerChannel[] = []
afterEach(async () => {
  for (const channel of channels.splice(0)) channel.close()
  for (const node of trio.nodes.values()) await node.stop()
})

async function started(): Promise<Trio> {
  trio = new Trio()
  await trio.start()
  return trio
}

function ask<Req, Res>(port: number, api: Api<Req, Res>, request: Req): Promise<Res> {
  const ports = { network: nodeNetwork, clock: nodeClock, random: nodeRandom }
  const limits = { connectTimeoutMs: 1000, backoffMs: 5, backoffMaxMs: 50 }
  const channel = new PeerChannel({ ...ports, ...limits, clientId: 'stranger', address: { host: '127.0.0.1', port } })
  channels.push(channel)
  return new Promise((resolve, reject) =>
    channel.request(api, request, 2000, (error, response) => (response === null ? reject(error) : resolve(response))),
  )
}

const candidate = {
  partitionIndex: 0,
  replicaEpoch: 99,
  replicaId: 2,
  replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
  voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
  lastOffsetEpoch: 99,
  lastOffset: 99,
  preVote: false,
}

describe('a quorum on sockets', () => {
  it('elects a leader, replicates to all and commits', async () => {
    const { nodes } = await started()
    const leader = await trio.leader()
    leader.member.append(batchOf('a'))
    leader.member.append(batchOf('b'))
    const end = leader.log.logEndOffset
    await until(() => [...nodes.values()].every(({ member }) => member.highWatermark === end))
    for (const node of nodes.values()) {
      expect(node.log.logEndOffset).toBe(end)
      expect(node.failures).toEqual([])
      expect(node.refusals).toEqual([])
      expect(node.member.leader).toBe(leader.id)
    }
  })

  it('elects another when the leader is gone, and keeps what was committed', async () => {
    const { nodes } = await started()
    const first = await trio.leader()
    first.member.append(batchOf('kept'))
    const end = first.log.logEndOffset
    await until(() => [...nodes.values()].every(({ member }) => member.highWatermark >= end))
    const { epoch } = first.member
    await trio.kill(first)
    const second = await trio.leader()
    expect(second.member.epoch).toBeGreaterThan(epoch)
    second.member.append(batchOf('more'))
    const newEnd = second.log.logEndOffset
    expect(newEnd).toBeGreaterThan(end)
    await until(() => [...nodes.values()].every(({ member }) => member.highWatermark === newEnd))
  })

  it('refuses a member of another cluster, and one that takes it for another node, or for one with another disk', async () => {
    const { ports } = await started()
    await trio.leader()
    const topics = [{ topicName: METADATA_TOPIC, partitions: [candidate] }]
    const port = ports.get(1) ?? 0
    const foreign = await ask(port, Vote, { clusterId: 'another-cluster', voterId: 1, topics })
    expect(foreign.errorCode).toBe(Errors.INCONSISTENT_CLUSTER_ID)
    const mistaken = await ask(port, Vote, { clusterId, voterId: 3, topics })
    expect(mistaken.errorCode).toBe(Errors.INVALID_VOTER_KEY)
    const stranger = [{ topicName: 'orders', partitions: [candidate] }]
    expect((await ask(port, Vote, { clusterId, voterId: 1, topics: stranger })).errorCode).toBe(Errors.INVALID_REQUEST)
    const twice = [...topics, ...topics]
    expect((await ask(port, Vote, { clusterId, voterId: 1, topics: twice })).errorCode).toBe(Errors.INVALID_REQUEST)
    const begin = { clusterId: 'another-cluster', voterId: 1, topics: [], leaderEndpoints: [] }
    expect((await ask(port, BeginQuorumEpoch, begin)).errorCode).toBe(Errors.INCONSISTENT_CLUSTER_ID)
    const topicsOf = (voterDirectoryId: string) => [
      {
        topicName: METADATA_TOPIC,
        partitions: [{ partitionIndex: 0, voterDirectoryId, leaderId: 2, leaderEpoch: 0 }],
      },
    ]
    const told = { clusterId, voterId: 1, leaderEndpoints: [] }
    const otherDisk = await ask(port, BeginQuorumEpoch, { ...told, topics: topicsOf('AAAAAAAAAAAAAAAAAAAAAw') })
    expect(otherDisk.errorCode).toBe(Errors.INVALID_VOTER_KEY)
    expect((await ask(port, BeginQuorumEpoch, { ...told, topics: topicsOf(ZERO_UUID) })).errorCode).toBe(Errors.NONE)
    for (const node of trio.nodes.values()) expect(node.member.epoch).toBeLessThan(99)
  })

  it('answers everybody that waits when it is closed', async () => {
    const { nodes } = await started()
    const leader = await trio.leader()
    await until(() => [...nodes.values()].every(({ member }) => member.highWatermark === leader.log.logEndOffset))
    const waiting = [...nodes.values()].find((node) => node !== leader)!
    leader.member.close()
    leader.transport.close()
    expect(leader.refusals).toEqual([])
    // Its fetch, which the leader would keep for a while, is answered; it then asks again and elects.
    await until(() => waiting.member.epoch > leader.member.epoch)
  })
})
