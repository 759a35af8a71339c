/** The proxy that cuts cables where no network namespaces can be made. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, sleep } from '../wait.ts'
import { ProxyWiring } from './proxies.ts'
import type { Place } from './wiring.ts'

const PATIENCE_MS = 10_000
/** Long enough for bytes to come through that should not. */
const MOMENT_MS = 100

let wiring: ProxyWiring
const servers: Server[] = []
const sockets: Socket[] = []

/** Answers everything with itself. */
async function echoAt({ host, port }: Place): Promise<void> {
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
}

function call({ host, port }: Place) {
  const socket = connect(port, host)
  sockets.push(socket)
  let heard = ''
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString()
  })
  socket.on('error', () => undefined)
  return {
    say: (word: string) => void socket.write(word),
    hears: (words: string) => eventually(() => heard === words, PATIENCE_MS),
    heard: () => heard,
    isClosed: () => socket.closed,
  }
}

/** Where node `from` is told to find node `to`. */
function route(from: number, to: number): Place {
  const voters = wiring.options(from)['controller.quorum.voters'] ?? ''
  const [, host = '', port = ''] = new RegExp(`${to}@([\\d.]+):(\\d+)`).exec(voters) ?? []
  return { host, port: Number(port) }
}

beforeEach(async () => {
  wiring = await ProxyWiring.lay([1, 2], 'as a test')
  for (const node of [1, 2]) {
    await echoAt(wiring.listeners(node).peer)
    await echoAt(wiring.listeners(node).kafka)
  }
})

afterEach(() => {
  wiring[Symbol.dispose]()
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

describe('a cable through the proxy', () => {
  it('carries what is said, both ways', async () => {
    const peer = call(route(1, 2))
    peer.say('hello')
    expect(await peer.hears('hello')).toBe(true)
  })

  it('holds everything back while it is cut, tells nobody, and delivers it when it is healed', async () => {
    const peer = call(route(1, 2))
    peer.say('a')
    expect(await peer.hears('a')).toBe(true)
    wiring.cut(2, 'peers')
    peer.say('b')
    const late = call(route(1, 2))
    late.say('c')
    await sleep(MOMENT_MS)
    expect([peer.heard(), late.heard(), peer.isClosed(), late.isClosed()]).toEqual(['a', '', false, false])
    wiring.heal()
    expect([await peer.hears('ab'), await late.hears('c')]).toEqual([true, true])
  })

  it('leaves the cables of clients alone when those between brokers are cut, and the reverse', async () => {
    wiring.cut(2, 'peers')
    const client = call(wiring.door(2))
    client.say('a')
    expect(await client.hears('a')).toBe(true)
    wiring.heal()
    wiring.cut(2, 'clients')
    const peer = call(route(1, 2))
    peer.say('b')
    client.say('b')
    expect(await peer.hears('b')).toBe(true)
    await sleep(MOMENT_MS)
    expect(client.heard()).toBe('a')
  })

  it('can be cut one way: what one says is lost, whoever made the connection, and what the other says is not', async () => {
    wiring.cutOneWay(1, 2)
    const [there, back] = [call(route(1, 2)), call(route(2, 1))]
    there.say('a')
    back.say('b')
    await sleep(MOMENT_MS)
    // The first is not heard by 2; the second is heard by 1, whose answer is not.
    expect([there.heard(), back.heard()]).toEqual(['', ''])
    wiring.heal()
    expect([await there.hears('a'), await back.hears('b')]).toEqual([true, true])
  })
})
