import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { PeerChannel, type PeerChannelOptions } from '../../../broker/peer/channel.ts'
import type { PeerError } from '../../../broker/peer/errors.ts'
import { nodeClock } from '../../../broker/ports/node-clock.ts'
import { nodeNetwork } from '../../../broker/ports/node-network.ts'
import { nodeRandom } from '../../../broker/ports/node-random.ts'
import type { Api } from '../../../proto/kafka/api.ts'
import { DescribeCluster, Metadata, Vote } from '../../../proto/kafka/generated/apis.ts'
import { type Cluster, startCluster } from '../../../testing/cluster.ts'

const asked = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
}

const open: (AsyncDisposable | PeerChannel)[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) {
    if (thing instanceof PeerChannel) thing.close()
    else await thing[Symbol.asyncDispose]()
  }
})

async function cluster(): Promise<Cluster> {
  const started = await startCluster({ brokers: 1 })
  open.push(started)
  return started
}

function channelTo(port: number, options: Partial<PeerChannelOptions> = {}): PeerChannel {
  const channel = new PeerChannel({
    network: nodeNetwork,
    clock: nodeClock,
    random: nodeRandom,
    address: { host: '127.0.0.1', port },
    clientId: 'broker-7',
    connectTimeoutMs: 2000,
    backoffMs: 20,
    backoffMaxMs: 200,
    ...options,
  })
  open.push(channel)
  return channel
}

function request<Req, Res>(channel: PeerChannel, api: Api<Req, Res>, message: Req, timeoutMs = 5000): Promise<Res> {
  return new Promise((resolve, reject) => {
    let calls = 0
    channel.request(api, message, timeoutMs, (error, response) => {
      calls += 1
      if (calls > 1) throw new Error('answered twice')
      if (response === null) reject(error)
      else resolve(response)
    })
  })
}

const outcomeOf = (asking: Promise<unknown>) =>
  asking.then(
    () => 'answered',
    (error: PeerError) => error.outcome,
  )

const portOf = (bootstrap: string) => Number(bootstrap.split(':').at(-1))

/** A peer that does with a connection whatever it is told to. */
async function stranger(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('a channel to another broker', () => {
  it('connects at the first request and answers each with its own answer', async () => {
    const { bootstrap } = await cluster()
    const channel = channelTo(portOf(bootstrap))
    expect(channel.isUp).toBe(false)
    const first = request(channel, Metadata, asked)
    const second = request(channel, DescribeCluster, {
      includeClusterAuthorizedOperations: false,
      endpointType: 1,
      includeFencedBrokers: false,
    })
    expect((await first).brokers).toHaveLength(1)
    expect((await second).controllerId).toBe(1)
    expect(channel.isUp).toBe(true)
  })

  it('never answers within the call that asks', async () => {
    const { bootstrap } = await cluster()
    const channel = channelTo(portOf(bootstrap))
    await request(channel, Metadata, asked)
    let inside = true
    const answered = new Promise<boolean>((resolve) => {
      channel.request(Metadata, asked, 5000, () => resolve(inside))
      inside = false
    })
    expect(await answered).toBe(false)
  })

  it('refuses an API that the peer does not have, and keeps the connection', async () => {
    const { bootstrap } = await cluster()
    const channel = channelTo(portOf(bootstrap))
    const vote = request(channel, Vote, { clusterId: null, voterId: 1, topics: [] })
    expect(await outcomeOf(vote)).toBe('unsupported')
    expect(channel.isUp).toBe(true)
  })

  it('says that nothing was sent when nobody listens, and pauses before it tries again', async () => {
    const { bootstrap, faults } = await cluster()
    await faults.kill(1)
    const channel = channelTo(portOf(bootstrap), { backoffMs: 60_000, backoffMaxMs: 60_000 })
    const error = await request(channel, Metadata, asked).catch((reason: PeerError) => reason)
    expect(error).toMatchObject({ outcome: 'unsent', message: expect.stringContaining('cannot be reached') })
    const again = await request(channel, Metadata, asked).catch((reason: PeerError) => reason)
    expect(again).toMatchObject({ outcome: 'unsent', message: expect.stringContaining('a moment ago') })
  })

  it('does not know what became of a request when the peer dies, tells so at once, and finds the peer again', async () => {
    const { bootstrap, faults } = await cluster()
    let downs = 0
    const channel = channelTo(portOf(bootstrap), { onDown: () => void downs++ })
    await request(channel, Metadata, asked)
    faults.delayReplies(Number.POSITIVE_INFINITY)
    const lost = outcomeOf(request(channel, Metadata, asked, 60_000))
    await faults.kill(1)
    expect(await lost).toBe('unknown')
    expect(downs).toBe(1)
    await faults.restart(1)
    for (let attempt = 0; ; attempt++) {
      const outcome = await outcomeOf(request(channel, Metadata, asked))
      if (outcome === 'answered') break
      expect(outcome).toBe('unsent')
      expect(attempt).toBeLessThan(500)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(downs).toBe(1)
  })

  it('ends a connection whose answer does not come in time', async () => {
    const { bootstrap, faults } = await cluster()
    const channel = channelTo(portOf(bootstrap))
    await request(channel, Metadata, asked)
    faults.delayReplies(Number.POSITIVE_INFINITY)
    const patient = outcomeOf(request(channel, Metadata, asked, 60_000))
    expect(await outcomeOf(request(channel, Metadata, asked, 30))).toBe('unknown')
    expect(await patient).toBe('unknown')
    expect(channel.isUp).toBe(false)
  })

  it('gives up on a peer that takes the connection and says nothing', async () => {
    const port = await stranger(() => undefined)
    const channel = channelTo(port, { connectTimeoutMs: 40 })
    expect(await outcomeOf(request(channel, Metadata, asked, 60_000))).toBe('unsent')
  })

  it('gives up on a peer that speaks something else', async () => {
    const port = await stranger((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await outcomeOf(request(channelTo(port), Metadata, asked))).toBe('unsent')
    const liar = await stranger((socket) => socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 99])))
    expect(await outcomeOf(request(channelTo(liar), Metadata, asked))).toBe('unsent')
    const huge = await stranger((socket) => socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff])))
    expect(await outcomeOf(request(channelTo(huge), Metadata, asked))).toBe('unsent')
  })

  it('fails what is in flight when it is closed, and everything after', async () => {
    const { bootstrap, faults } = await cluster()
    const channel = channelTo(portOf(bootstrap))
    await request(channel, Metadata, asked)
    faults.delayReplies(Number.POSITIVE_INFINITY)
    const lost = outcomeOf(request(channel, Metadata, asked))
    await new Promise((resolve) => setImmediate(resolve))
    channel.close()
    channel.close()
    expect(await lost).toBe('unknown')
    expect(await outcomeOf(request(channel, Metadata, asked))).toBe('unsent')
  })

  it('holds a bounded number of requests', async () => {
    const port = await stranger(() => undefined)
    const channel = channelTo(port, { connectTimeoutMs: 100 })
    const outcomes = Array.from({ length: 1001 }, () => request(channel, Metadata, asked).catch((e: PeerError) => e))
    expect(await outcomes[1000]).toMatchObject({ message: expect.stringContaining('1000 requests') })
    expect(await outcomes[999]).toMatchObject({
      outcome: 'unsent',
      message: expect.not.stringContaining('1000 requests'),
    })
  })
})
