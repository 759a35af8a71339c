/** Faults between the brokers of one process: what is held is not lost, and nobody is told. */
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { createNodeNetwork, reserveNodePorts } from '../../broker/node.ts'
import type { Connection, Listener } from '../../broker/ports/network.ts'
import { FaultNetwork, FaultPlan } from '../../testing/fault-network.ts'

/** One side of a connection, and what it saw. */
class Side {
  text = ''
  isClosed = false
  readonly connection: Connection
  private wake = () => {}

  constructor(connection: Connection) {
    this.connection = connection
    connection.handlers = {
      onData: (chunk) => {
        this.text += chunk.toString('utf8')
        this.wake()
      },
      onDrain: () => {},
      onClose: () => {
        this.isClosed = true
        this.wake()
      },
    }
  }

  send(text: string): void {
    this.connection.write([Buffer.from(text)])
  }

  async until(condition: (side: Side) => boolean): Promise<void> {
    while (!condition(this))
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
  }
}

/** Bytes of a round trip elsewhere have passed: what could arrive has arrived. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2))
}

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** Nodes 1 and 2; each accepts, node 1 connects to node 2. */
async function twoNodes() {
  const plan = new FaultPlan()
  const ports = await reserveNodePorts(['127.0.0.1'], 2)
  const [first, second] = ports.map((port, index) => new FaultNetwork(createNodeNetwork(), index + 1, plan, [port]))
  const accepted: Side[] = []
  const port = ports[1]?.port ?? 0
  const listener = (await second?.listen({ hosts: ['127.0.0.1'], port, maxConnections: 10 }, (connection) =>
    accepted.push(new Side(connection)),
  )) as Listener
  open.push(listener, first as FaultNetwork)
  const connect = (timeoutMs = 5_000) =>
    new Promise<Side>((resolve, reject) => {
      first?.connect({ host: '127.0.0.1', port, timeoutMs }, (error, connection) =>
        connection === null ? reject(error as Error) : resolve(new Side(connection)),
      )
    })
  return { plan, port, listener, accepted, connect }
}

async function accept(accepted: readonly Side[]): Promise<Side> {
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve))
  return accepted[0] as Side
}

describe('a reserved port', () => {
  it('is bound from the start, handed over without a gap, and refused again once it is closed', async () => {
    const { listener, connect, accepted, port } = await twoNodes()
    expect(listener.port).toBe(port)
    expect(port).toBeGreaterThanOrEqual(10_000)
    expect(port).toBeLessThan(30_000)
    const here = await connect()
    const there = await accept(accepted)
    here.send('hello')
    await there.until(({ text }) => text === 'hello')
    await listener.close()
    here.connection.destroy()
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('a cut', () => {
  it('holds the bytes of both directions, closes nothing, and lets them go in order when it heals', async () => {
    const { plan, connect, accepted } = await twoNodes()
    const here = await connect()
    const there = await accept(accepted)
    plan.cut(2, 1)
    here.send('a')
    here.send('b')
    there.send('c')
    await settled()
    expect([here.text, there.text, here.isClosed, there.isClosed]).toEqual(['', '', false, false])
    expect(here.connection.bufferedBytes).toBe(2)
    plan.heal()
    here.send('d')
    await there.until(({ text }) => text === 'abd')
    await here.until(({ text }) => text === 'c')
  })

  it('hides from the other side that one has closed', async () => {
    const { plan, connect, accepted } = await twoNodes()
    const here = await connect()
    const there = await accept(accepted)
    plan.cut(1, 2)
    here.connection.destroy()
    await here.until(({ isClosed }) => isClosed)
    await settled()
    expect(there.isClosed).toBe(false)
    plan.heal()
    await there.until(({ isClosed }) => isClosed)
  })

  it('hides a close of the other side too', async () => {
    const { plan, connect, accepted } = await twoNodes()
    const here = await connect()
    const there = await accept(accepted)
    plan.cut(1, 2)
    there.connection.destroy()
    await there.until(({ isClosed }) => isClosed)
    await settled()
    expect(here.isClosed).toBe(false)
    plan.heal()
    await here.until(({ isClosed }) => isClosed)
  })

  it('lets a new connection wait until its time is up, or until it heals', async () => {
    const { plan, connect } = await twoNodes()
    plan.cut(1, 2)
    await expect(connect(10)).rejects.toThrow('did not accept within 10 ms')
    const waiting = connect()
    await settled()
    plan.heal()
    expect((await waiting).isClosed).toBe(false)
  })

  it('is one between these two nodes alone: clients pass', async () => {
    const { plan, port, accepted } = await twoNodes()
    plan.cut(1, 2)
    const { connect } = await import('node:net')
    const client = connect({ host: '127.0.0.1', port })
    await once(client, 'connect')
    client.write('x')
    await (await accept(accepted)).until(({ text }) => text === 'x')
    client.destroy()
  })
})

describe('a pause', () => {
  it('keeps what arrives and whom it comes from until the node goes on', async () => {
    const { plan, connect, accepted } = await twoNodes()
    const here = await connect()
    const there = await accept(accepted)
    plan.pause(2)
    const late = connect()
    here.send('a')
    there.send('b')
    await settled()
    expect([here.text, there.text, accepted.length]).toEqual(['', '', 1])
    plan.resume(2)
    const second = await late
    second.send('c')
    await there.until(({ text }) => text === 'a')
    await here.until(({ text }) => text === 'b')
    while (accepted.length < 2) await new Promise((resolve) => setImmediate(resolve))
    await (accepted[1] as Side).until(({ text }) => text === 'c')
  })
})
